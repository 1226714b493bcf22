/**
 * The member's code on the screen: a new symbol every 30 seconds, computed on the phone.
 *
 * The page marks an `<svg data-qr>` for the symbol and, where it wants one, an element
 * `[data-code-countdown]` whose `data-text` holds "new code in {seconds} s". The server's clock
 * counts, not the phone's.
 */

import { cardAddress, symbolOf } from '../qr-svg.js';
import { importKey, secondsLeft, stepAt, totp } from '../totp.js';
import { fill } from '../words.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Draw a text as a symbol into an SVG element, in place of what it showed.
 *
 * @param {Element} svg
 * @param {string} text
 */
export function drawSymbol(svg, text) {
  const { size, path } = symbolOf(text);
  const paper = document.createElementNS(SVG, 'rect');
  paper.setAttribute('width', String(size));
  paper.setAttribute('height', String(size));
  paper.setAttribute('fill', '#fff');
  const ink = document.createElementNS(SVG, 'path');
  ink.setAttribute('d', path);
  ink.setAttribute('fill', '#000');
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.setAttribute('shape-rendering', 'crispEdges');
  const title = svg.querySelector('title');
  svg.replaceChildren(...(title ? [title] : []), paper, ink);
}

/**
 * Show the code for a key and keep it fresh until the returned function is called.
 *
 * @param {ParentNode} root
 * @param {{ site: string, code: string, key: string, offset: () => number }} card
 *   `offset` says what to add to this phone's clock
 * @returns {Promise<() => void>}
 */
export async function showRotatingCode(root, card) {
  const svg = root.querySelector('[data-qr]');
  const countdown = root.querySelector('[data-code-countdown]');
  const key = await importKey(card.key);
  let shown = -1;

  async function refresh() {
    const now = Date.now() + card.offset();
    const step = stepAt(now);
    if (svg && step !== shown) {
      shown = step;
      const code = await totp(key, step);
      drawSymbol(svg, cardAddress(card.site, card.code, code));
      svg.setAttribute('data-step', String(step));
    }
    if (countdown instanceof HTMLElement) {
      countdown.textContent = fill(countdown.dataset['text'], { seconds: secondsLeft(now) });
      countdown.hidden = false;
    }
  }

  await refresh();
  const timer = setInterval(refresh, 1000);
  document.addEventListener('visibilitychange', refresh);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', refresh);
  };
}

/** Keep the screen lit while the page is seen; browsers that cannot simply do not. */
export function keepScreenOn() {
  const lock = async () => {
    if (document.visibilityState === 'visible' && 'wakeLock' in navigator) {
      // A refusal (low battery, say) is the phone's right and changes nothing else.
      await navigator.wakeLock.request('screen').catch(() => undefined);
    }
  };
  document.addEventListener('visibilitychange', lock);
  void lock();
}
