/**
 * On every staff page: hardware scanners work, and the decoder's files are fetched ahead.
 *
 * The script's element carries `data-hosts` and, where the scan page is one tap away,
 * `data-warm` with the addresses of the worker and the wasm file, separated by spaces.
 * `[data-scan-hint]`, hidden, is shown for a while when a scanned code is not ours.
 */

import { onScan, openScanned, ownHosts } from './event.js';
import { listenForKeys } from './wedge.js';

const HINT_MS = 4000;

/** @param {string} addresses */
function warm(addresses) {
  for (const address of addresses.split(/\s+/).filter(Boolean)) {
    // A failure is the scan page's to report.
    fetch(address, { priority: 'low' }).catch(() => undefined);
  }
}

const own = document.querySelector('script[data-anywhere]');
if (own instanceof HTMLElement && !document.querySelector('[data-scan]')) {
  const hint = document.querySelector('[data-scan-hint]');
  listenForKeys(ownHosts(own.dataset['hosts']));
  onScan(({ scanned }) => {
    openScanned(scanned);
    if (scanned.path === '' && hint) {
      hint.removeAttribute('hidden');
      setTimeout(() => hint.setAttribute('hidden', ''), HINT_MS);
    }
  });
  const addresses = own.dataset['warm'] ?? '';
  if ('requestIdleCallback' in window) {
    requestIdleCallback(() => warm(addresses));
  } else {
    setTimeout(() => warm(addresses), 1000);
  }
}
