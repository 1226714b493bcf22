/**
 * Hardware scanners that type like a keyboard, on any staff page.
 *
 * Import it and call `listenForKeys`; every code arrives as a `scan` event with the source
 * `keys`. What a scanner typed into a field by accident is taken out again.
 */

import { parseKeys } from '../codes.js';
import { NO_BURST, SILENCE_MS, finished, withKey } from './burst.js';
import { emitScan } from './event.js';

/**
 * @param {EventTarget | null} target
 * @returns {HTMLInputElement | HTMLTextAreaElement | null}
 */
function textField(target) {
  if (target instanceof HTMLTextAreaElement) {
    return target;
  }
  const isText =
    target instanceof HTMLInputElement &&
    /^(text|search|tel|url|email|password|number)$/.test(target.type);
  return isText ? target : null;
}

/**
 * Listen for hardware scanners.
 *
 * @param {readonly string[]} hosts
 */
export function listenForKeys(hosts) {
  let burst = NO_BURST;
  /** @type {{ field: HTMLInputElement | HTMLTextAreaElement, value: string } | null} */
  let before = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @returns {boolean} whether there was a code */
  function end() {
    clearTimeout(timer);
    const text = finished(burst, performance.now());
    burst = { ...NO_BURST, lastMs: burst.lastMs };
    if (!text) {
      return false;
    }
    const scanned = parseKeys(text, hosts);
    // In a field fast keys may be a paste by a password manager; only a code of ours counts.
    if (before && scanned.path === '') {
      return false;
    }
    if (before) {
      before.field.value = before.value;
      before.field.dispatchEvent(new Event('input', { bubbles: true }));
    }
    return emitScan('keys', scanned);
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) {
      return;
    }
    if (event.key === 'Enter' || event.key === 'Tab') {
      if (end()) {
        event.preventDefault();
        event.stopPropagation();
      }
    } else if (event.key.length === 1) {
      const field = textField(event.target);
      const next = withKey(burst, event.key, event.timeStamp, field !== null);
      if (next.text.length === 1) {
        before = field && { field, value: field.value };
      }
      burst = next;
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE_MS);
    }
  }

  document.addEventListener('keydown', press, { capture: true });
}
