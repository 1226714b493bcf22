/**
 * An open page that follows the server: it asks a tiny version address and, when something
 * changed, fetches its own parts anew.
 *
 * The page carries one element with `data-version-url`, `data-version` (the entity tag it was
 * drawn from, quotes included) and `data-fragment-url`. Parts marked `data-live="name"` are
 * replaced by the parts of the same name in the fragment; everything else stays, so the symbol
 * and the scroll position do not jump.
 */

import { clockOffset } from '../totp.js';
import { countUp } from './count-up.js';
import { nextWait, retryAfter } from './pace.js';

/** A `Date` header holds whole seconds; on average half a second is cut off. */
const DATE_HEADER_MS = 500;

/**
 * Follow the server from this element on.
 *
 * @param {HTMLElement} root
 * @param {{ changed?: () => void, clock?: (offsetMs: number) => void }} [on]
 *   `changed` runs in place of fetching the fragment; `clock` receives what to add to our clock
 * @returns {() => void} stops following
 */
export function follow(root, on = {}) {
  const versionUrl = root.dataset['versionUrl'] ?? '';
  let version = root.dataset['version'] ?? '';
  let movedMs = Date.now();
  let failures = 0;
  let retryAfterMs = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isStopped = false;

  async function ask() {
    try {
      const response = await fetch(versionUrl, {
        headers: version ? { 'If-None-Match': version } : {},
        cache: 'no-store',
        redirect: 'manual',
      });
      hearClock(response);
      retryAfterMs = retryAfter(response.headers.get('Retry-After'));
      failures = response.ok || response.status === 304 ? 0 : failures + 1;
      if (isGone(response)) {
        location.reload();
        stop();
      } else if (response.ok) {
        await take(response.headers.get('ETag') ?? '');
      }
    } catch {
      failures += 1; // The network is away; the next question tries again, later each time.
    }
    plan();
  }

  /** @param {Response} response */
  function hearClock(response) {
    const date = Date.parse(response.headers.get('Date') ?? '');
    if (on.clock && Number.isFinite(date)) {
      on.clock(clockOffset(date + DATE_HEADER_MS, Date.now()));
    }
  }

  /** @param {string} tag */
  async function take(tag) {
    if (tag === version) {
      return;
    }
    const isFirst = version === '';
    if (!isFirst) {
      await (on.changed ? on.changed() : replaceParts(root));
    }
    version = tag;
    movedMs = Date.now();
  }

  function plan() {
    clearTimeout(timer);
    const wait = nextWait({
      isVisible: document.visibilityState === 'visible',
      isOnline: navigator.onLine,
      nowMs: Date.now(),
      movedMs,
      failures,
      retryAfterMs,
    });
    if (wait !== null && !isStopped) {
      timer = setTimeout(ask, wait);
    }
  }

  /** Someone is back at the page: ask at once. */
  function wake() {
    movedMs = Date.now();
    failures = 0;
    retryAfterMs = 0;
    clearTimeout(timer);
    if (!isStopped && document.visibilityState === 'visible' && navigator.onLine) {
      timer = setTimeout(ask, 0);
    }
  }

  /** A touch revives a page that had gone to sleep and leaves a waking one alone. */
  function touched() {
    const wasAsleep = Date.now() - movedMs > 60_000;
    if (wasAsleep) {
      wake();
    }
  }

  function stop() {
    isStopped = true;
    clearTimeout(timer);
  }

  document.addEventListener('visibilitychange', wake);
  document.addEventListener('pointerdown', touched);
  window.addEventListener('online', wake);
  window.addEventListener('offline', plan);
  plan();
  return stop;
}

/**
 * The session ended or the card is no longer this person's: only a full page can say so.
 *
 * @param {Response} response
 * @returns {boolean}
 */
function isGone(response) {
  return response.type === 'opaqueredirect' || [401, 403, 404].includes(response.status);
}

/**
 * @param {HTMLElement} root
 */
async function replaceParts(root) {
  const response = await fetch(root.dataset['fragmentUrl'] ?? location.href, {
    cache: 'no-store',
    headers: { 'X-Requested-With': 'fetch' },
  });
  if (!response.ok || response.redirected) {
    throw new Error(`fragment answered ${response.status}`);
  }
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  const before = Number(document.querySelector('[data-balance]')?.getAttribute('data-value'));
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = fresh.querySelector(`[data-live="${CSS.escape(part.getAttribute('data-live') ?? '')}"]`);
    if (next) {
      // The element itself stays, so that a live region keeps announcing its changes.
      part.replaceChildren(...Array.from(next.childNodes, (node) => document.adoptNode(node)));
    }
  }
  const balance = document.querySelector('[data-balance]');
  if (balance instanceof HTMLElement) {
    countUp(balance, before);
  }
  document.dispatchEvent(new CustomEvent('live:replaced'));
}
