// How far a what-if run is: asks again while it goes on, and shows the outcome when it is done.

import { nextWait } from '../wallet/pace.js';

const place = document.querySelector('[data-progress]');
let failures = 0;
let movedMs = Date.now();
let seen = '';
let timer = 0;

/**
 * Ask how far the run is; an empty answer means that it is over.
 *
 * @param {Element} shown
 */
async function ask(shown) {
  const answer = await fetch('?part=1', { headers: { Accept: 'text/html' } });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const progress = page.querySelector('[data-seen]');
  if (!progress) {
    window.location.reload();
    return;
  }
  const now = progress.getAttribute('data-seen') ?? '';
  if (now !== seen) movedMs = Date.now();
  seen = now;
  shown.replaceChildren(...page.body.childNodes);
}

function plan() {
  const wait = nextWait({
    isVisible: !document.hidden,
    isOnline: navigator.onLine,
    nowMs: Date.now(),
    movedMs,
    failures,
    retryAfterMs: 0,
  });
  window.clearTimeout(timer);
  if (wait !== null) timer = window.setTimeout(look, wait);
}

async function look() {
  try {
    if (place) await ask(place);
    failures = 0;
  } catch {
    failures += 1;
  }
  plan();
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) {
    movedMs = Date.now();
    plan();
  }
});
if (place) plan();
