/**
 * The member's card page: the rotating code, the live balance, what is kept for a dead network.
 *
 * The page holds `<script type="application/json" id="wallet-card">` (a `CardData`, see
 * tests/js/types) and an element with `data-version-url`, `data-version`, `data-fragment-url`
 * and `data-sw-url` around its parts.
 */

import { clockOffset } from '../totp.js';
import { follow } from './live.js';
import { prepareOffline, remember } from './offline.js';
import { keepScreenOn, showRotatingCode } from './rotating-code.js';

/**
 * Return the card the page was drawn for, or null where it holds none.
 *
 * @returns {CardData | null}
 */
function cardOnPage() {
  const element = document.getElementById('wallet-card');
  return element?.textContent ? JSON.parse(element.textContent) : null;
}

/**
 * Return what to add to this phone's clock, judged by when the page arrived.
 *
 * A page the browser kept says nothing about the present time; then the first answer of the
 * version address does.
 *
 * @param {number} serverMs
 * @returns {number}
 */
function offsetOnArrival(serverMs) {
  const [entry] = performance.getEntriesByType('navigation');
  if (!(entry instanceof PerformanceNavigationTiming)) {
    return 0;
  }
  const isKept = entry.type === 'back_forward' || entry.transferSize === 0;
  return isKept ? 0 : clockOffset(serverMs, performance.timeOrigin + entry.responseStart);
}

async function start() {
  const card = cardOnPage();
  const root = document.querySelector('[data-version-url]');
  if (!card || !(root instanceof HTMLElement)) {
    return;
  }
  let offset = offsetOnArrival(card.serverMs);
  follow(root, { clock: (heard) => (offset = heard) });
  keepScreenOn();
  // Without a secure origin a browser has no signing; the symbol drawn by the server stays.
  if (card.key && globalThis.crypto?.subtle) {
    await showRotatingCode(document, { ...card, offset: () => offset });
  }
  await prepareOffline(root.dataset['swUrl'] ?? '');
  const keep = () => remember(card, { offset, balance: balanceOnPage() ?? card.balance });
  document.addEventListener('live:replaced', keep);
  await keep();
}

/**
 * @returns {string | undefined}
 */
function balanceOnPage() {
  return document.querySelector('[data-balance-text]')?.getAttribute('data-balance-text') ?? undefined;
}

void start();
