/**
 * The idle lock of a shared tablet, the same in every tab.
 *
 * An element with `data-idle-seconds` asks for it. When nobody touched any staff page for that
 * long, the form `[data-lock-form]` is sent, or `data-lock-url` opened where there is none. A
 * tab that locks takes the others with it; the server keeps its own time besides.
 */

import { untilLock } from './idle.js';

const TOUCHED = 'staff.touched';
const LOCKED = 'staff.locked';

/** Writing on every key would be waste; a lock may come this much early or late. */
const GRAIN_MS = 1000;

/** @param {HTMLElement} root */
function start(root) {
  const idleSeconds = Number(root.dataset['idleSeconds']);
  let written = 0;
  let isLocked = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function touch() {
    const now = Date.now();
    if (now - written >= GRAIN_MS && !isLocked) {
      written = now;
      localStorage.setItem(TOUCHED, String(now));
      plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    const touched = Number(localStorage.getItem(TOUCHED)) || Date.now();
    const wait = untilLock(touched, Date.now(), idleSeconds);
    if (wait > 0) {
      timer = setTimeout(plan, wait);
    } else {
      localStorage.setItem(LOCKED, String(Date.now()));
      lock();
    }
  }

  function lock() {
    if (isLocked) {
      return;
    }
    isLocked = true;
    const form = document.querySelector('form[data-lock-form]');
    if (form instanceof HTMLFormElement) {
      form.submit();
    } else if (root.dataset['lockUrl']) {
      location.replace(root.dataset['lockUrl']);
    }
  }

  for (const kind of ['pointerdown', 'keydown', 'wheel', 'scan']) {
    document.addEventListener(kind, touch, { capture: true, passive: true });
  }
  // A tablet that slept runs no timers; the time is looked at when it wakes.
  document.addEventListener('visibilitychange', () => document.hidden || isLocked || plan());
  window.addEventListener('pageshow', (event) => event.persisted && plan());
  window.addEventListener('storage', (event) => {
    if (event.key === LOCKED && event.newValue) {
      lock();
    } else if (event.key === TOUCHED) {
      plan();
    }
  });
  // Opening a page is a touch.
  touch();
}

const root = document.querySelector('[data-idle-seconds]');
if (root instanceof HTMLElement && Number(root.dataset['idleSeconds']) > 0) {
  start(root);
}
