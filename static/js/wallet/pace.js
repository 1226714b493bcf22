/**
 * When an open page asks the server again. Pure: every clock reading is handed in.
 */

export const POLL_MS = 1500;
export const PAUSE_AFTER_MS = 10 * 60 * 1000;
const LONGEST_WAIT_MS = 30_000;

/**
 * Return the wait until the next question, or null while there is no point in asking.
 *
 * @param {PollState} state
 * @returns {number | null}
 */
export function nextWait(state) {
  if (!state.isVisible || !state.isOnline || state.nowMs - state.movedMs >= PAUSE_AFTER_MS) {
    return null;
  }
  const backoff = Math.min(POLL_MS * 2 ** Math.min(state.failures, 10), LONGEST_WAIT_MS);
  return Math.max(backoff, state.retryAfterMs);
}

/**
 * Return what a `Retry-After` header asks for, in milliseconds; 0 where it asks for nothing.
 *
 * @param {string | null} header
 * @returns {number}
 */
export function retryAfter(header) {
  const seconds = Number(header ?? '');
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 300) * 1000 : 0;
}
