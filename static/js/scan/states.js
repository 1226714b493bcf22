/**
 * The scan page as a state machine. Pure: the page tells it what happened and shows what it says.
 *
 * A screen is one `<section data-state>` of the page; a hint is one sentence over the picture.
 */

/** Screens that ask the person for something and end when they try again. */
const FAILURES = new Set(['denied', 'blocked', 'missing', 'busy', 'insecure', 'undecodable']);

/** Hints that belong to the picture and go when it goes. */
const HINTS = new Set(['foreign', 'damaged', 'dark', 'slow']);

/** @type {ScanState} */
export const FIRST_STATE = { screen: 'start', hint: '', isSlowReader: false, before: 'start' };

/**
 * Return the state after an event; the same object when the event changes nothing.
 *
 * @param {ScanState} state
 * @param {ScanEvent} event
 * @returns {ScanState}
 */
export function nextState(state, event) {
  if (event === 'wasm-blocked') {
    return { ...state, isSlowReader: true };
  }
  if (event === 'offline') {
    return state.screen === 'offline' ? state : goTo(state, 'offline', rememberable(state));
  }
  if (state.screen === 'offline') {
    return event === 'online' ? goTo(state, state.before) : state;
  }
  if (HINTS.has(event)) {
    return withHint(state, /** @type {ScanHint} */ (event));
  }
  return move(state, event);
}

/**
 * @param {ScanState} state
 * @param {ScanEvent} event
 * @returns {ScanState}
 */
function move(state, event) {
  switch (event) {
    case 'open':
      return canOpen(state) ? goTo(state, 'asking') : state;
    case 'opened':
      return state.screen === 'asking' || state.screen === 'paused' ? goTo(state, 'scanning') : state;
    case 'found':
      return goTo(state, 'found');
    case 'again':
      return state.screen === 'found' ? goTo(state, 'start') : state;
    case 'hidden':
      return ['scanning', 'asking'].includes(state.screen) ? goTo(state, 'paused') : state;
    case 'shown':
      return state.screen === 'paused' ? goTo(state, 'asking') : state;
    case 'clear':
      return state.hint === '' ? state : { ...state, hint: '' };
    default:
      return FAILURES.has(event) ? fail(state, /** @type {ScanScreen} */ (event)) : state;
  }
}

/**
 * A found code is on its way already; nothing that fails behind it matters.
 *
 * @param {ScanState} state
 * @param {ScanScreen} screen
 * @returns {ScanState}
 */
function fail(state, screen) {
  return state.screen === 'found' ? state : goTo(state, screen);
}

/**
 * @param {ScanState} state
 * @returns {boolean}
 */
function canOpen(state) {
  return state.screen === 'start' || FAILURES.has(state.screen);
}

/**
 * A hint on a live picture; while something else is wrong it would only distract. A wrong code
 * outranks the advice about light and lens.
 *
 * @param {ScanState} state
 * @param {ScanHint} hint
 * @returns {ScanState}
 */
function withHint(state, hint) {
  const isAdvice = hint === 'dark' || hint === 'slow';
  const isOutranked = isAdvice && state.hint !== '' && state.hint !== 'slow';
  if (state.screen !== 'scanning' || state.hint === hint || isOutranked) {
    return state;
  }
  return { ...state, hint };
}

/**
 * The screen to come back to when the network does.
 *
 * @param {ScanState} state
 * @returns {ScanScreen}
 */
function rememberable(state) {
  return FAILURES.has(state.screen) ? state.screen : 'start';
}

/**
 * @param {ScanState} state
 * @param {ScanScreen} screen
 * @param {ScanScreen} [before]
 * @returns {ScanState}
 */
function goTo(state, screen, before = state.before) {
  return { ...state, screen, hint: '', before };
}

/**
 * Return the event a refused camera stands for.
 *
 * @param {{ name: string, message?: string }} error as `getUserMedia` rejects
 * @param {{ isSecure: boolean, isAllowedByPolicy: boolean }} page
 * @returns {ScanEvent}
 */
export function cameraFailure(error, page) {
  if (!page.isSecure) {
    return 'insecure';
  }
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return page.isAllowedByPolicy ? 'denied' : 'blocked';
    case 'NotFoundError':
    case 'OverconstrainedError':
    case 'TypeError':
      return 'missing';
    default:
      return 'busy';
  }
}

/**
 * Return whether a code was accepted a moment ago and is still in view.
 *
 * @param {{ key: string, atMs: number } | null} last
 * @param {string} key
 * @param {number} nowMs
 * @returns {boolean}
 */
export function isRepeat(last, key, nowMs) {
  return last !== null && last.key === key && nowMs - last.atMs >= 0 && nowMs - last.atMs < 3000;
}

export const DARK_LUMA = 25;
export const DARK_AFTER_MS = 2000;
export const SLOW_AFTER_MS = 4000;

/**
 * Return the advice a run of frames without a code deserves.
 *
 * @param {{ darkSinceMs: number | null, startedMs: number, nowMs: number }} run
 * @returns {'dark' | 'slow' | ''}
 */
export function advice(run) {
  if (run.darkSinceMs !== null && run.nowMs - run.darkSinceMs >= DARK_AFTER_MS) {
    return 'dark';
  }
  return run.nowMs - run.startedMs >= SLOW_AFTER_MS ? 'slow' : '';
}
