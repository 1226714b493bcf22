/**
 * The claim page: a code that stands for five minutes, and the news that it was used.
 *
 * The element with `data-version-url` also carries `data-expires-ms` and `data-server-ms`. Inside
 * stand `[data-claim-countdown]` (`data-text="{time} left"`) and, where the server drew no symbol,
 * `<svg data-qr data-qr-text>`. A change or the end of the time loads the page again (or
 * `data-done-url`), and the server shows the result.
 */

import { clock, fill } from '../words.js';
import { follow } from './live.js';
import { drawSymbol, keepScreenOn } from './rotating-code.js';

/**
 * @param {HTMLElement} root
 */
function start(root) {
  const serverMs = Number(root.dataset['serverMs']);
  const expiresMs = Number(root.dataset['expiresMs']);
  const arrivedMs = performance.now();
  const countdown = root.querySelector('[data-claim-countdown]');
  const symbol = root.querySelector('[data-qr][data-qr-text]');

  function leave() {
    clearInterval(timer);
    stop();
    location.replace(root.dataset['doneUrl'] || location.href);
  }

  function tick() {
    // The time since arrival, so that a wrong clock on the phone changes nothing.
    const leftMs = expiresMs - serverMs - (performance.now() - arrivedMs);
    if (countdown instanceof HTMLElement) {
      countdown.textContent = fill(countdown.dataset['text'], { time: clock(leftMs / 1000) });
    }
    if (leftMs <= 0) {
      leave();
    }
  }

  if (symbol) {
    drawSymbol(symbol, symbol.getAttribute('data-qr-text') ?? '');
  }
  keepScreenOn();
  const timer = setInterval(tick, 1000);
  const stop = follow(root, { changed: leave });
  tick();
}

const root = document.querySelector('[data-version-url][data-expires-ms]');
if (root instanceof HTMLElement) {
  start(root);
}
