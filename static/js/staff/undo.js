/**
 * The time that is left to undo, counted down on the button.
 *
 * `[data-undo data-seconds-left]` holds `[data-countdown]`; when the time is over the form hides
 * and `[data-undo-over]` says so. The server has the last word either way.
 */

import { clock } from '../words.js';

/** @param {HTMLElement} part */
function start(part) {
  const countdown = part.querySelector('[data-countdown]');
  const seconds = Number(part.dataset['secondsLeft']);
  const arrivedMs = performance.now();

  function tick() {
    const left = seconds - (performance.now() - arrivedMs) / 1000;
    if (countdown) {
      countdown.textContent = clock(left);
    }
    if (left <= 0) {
      clearInterval(timer);
      part.hidden = true;
      document.querySelector('[data-undo-over]')?.removeAttribute('hidden');
    }
  }

  const timer = setInterval(tick, 1000);
  document.addEventListener('visibilitychange', tick);
  tick();
}

for (const part of document.querySelectorAll('[data-undo][data-seconds-left]')) {
  if (part instanceof HTMLElement) {
    start(part);
  }
}
