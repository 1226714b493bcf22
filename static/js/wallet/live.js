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

/** A touch wakes a page that saw nothing new for this long. */
const DROWSY_MS = 60_000;

/**
 * Follow the server from this element on.
 *
 * @param {HTMLElement} root
 * @param {FollowHooks} [on]
 * @returns {() => void} stops following
 */
export function follow(root, on = {}) {
  const follower = new Follower(root, on);
  follower.start();
  return () => follower.stop();
}

class Follower {
  /**
   * @param {HTMLElement} root
   * @param {FollowHooks} on
   */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.version = root.dataset['version'] ?? '';
    this.movedMs = Date.now();
    this.failures = 0;
    this.retryAfterMs = 0;
    this.isStopped = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  start() {
    document.addEventListener('visibilitychange', () => this.#wake());
    document.addEventListener('pointerdown', () => this.#touched());
    window.addEventListener('online', () => this.#wake());
    window.addEventListener('offline', () => this.#plan());
    this.#plan();
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  async #ask() {
    try {
      const response = await fetch(this.root.dataset['versionUrl'] ?? '', {
        headers: this.version ? { 'If-None-Match': this.version } : {},
        cache: 'no-store',
        redirect: 'manual',
      });
      this.#hearClock(response);
      this.retryAfterMs = retryAfter(response.headers.get('Retry-After'));
      this.failures = response.ok || response.status === 304 ? 0 : this.failures + 1;
      if (isGone(response)) {
        location.reload();
        this.stop();
      } else if (response.ok) {
        await this.#take(response.headers.get('ETag') ?? '');
      }
    } catch {
      this.failures += 1; // The network is away; the next question tries again, later each time.
    }
    this.#plan();
  }

  /** @param {Response} response */
  #hearClock(response) {
    const date = Date.parse(response.headers.get('Date') ?? '');
    if (this.on.clock && Number.isFinite(date)) {
      this.on.clock(clockOffset(date + DATE_HEADER_MS, Date.now()));
    }
  }

  /** @param {string} tag */
  async #take(tag) {
    if (tag === this.version) {
      return;
    }
    if (this.version !== '') {
      await (this.on.changed ? this.on.changed() : replaceParts(this.root));
    }
    this.version = tag;
    this.movedMs = Date.now();
  }

  #plan() {
    clearTimeout(this.timer);
    const wait = nextWait({
      isVisible: document.visibilityState === 'visible',
      isOnline: navigator.onLine,
      nowMs: Date.now(),
      movedMs: this.movedMs,
      failures: this.failures,
      retryAfterMs: this.retryAfterMs,
    });
    if (wait !== null && !this.isStopped) {
      this.timer = setTimeout(() => void this.#ask(), wait);
    }
  }

  /** Someone is back at the page: ask at once. */
  #wake() {
    this.movedMs = Date.now();
    this.failures = 0;
    this.retryAfterMs = 0;
    clearTimeout(this.timer);
    if (!this.isStopped && document.visibilityState === 'visible' && navigator.onLine) {
      this.timer = setTimeout(() => void this.#ask(), 0);
    }
  }

  /** A touch revives a page that had gone to sleep and leaves a waking one alone. */
  #touched() {
    if (Date.now() - this.movedMs > DROWSY_MS) {
      this.#wake();
    }
  }
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
      // Spread first: the list of a parent shrinks while its nodes move.
      part.replaceChildren(...next.childNodes);
    }
  }
  const balance = document.querySelector('[data-balance]');
  if (balance instanceof HTMLElement) {
    countUp(balance, before);
  }
  document.dispatchEvent(new CustomEvent('live:replaced'));
}
