/**
 * Whether a shared tablet was left alone. Pure: every clock reading is handed in.
 */

/**
 * Return how long until the lock, or 0 when it is due.
 *
 * A time of touch in the future comes from a clock that was set back; it counts as now.
 *
 * @param {number} touchedMs
 * @param {number} nowMs
 * @param {number} idleSeconds
 * @returns {number} milliseconds
 */
export function untilLock(touchedMs, nowMs, idleSeconds) {
  return Math.max(0, Math.min(touchedMs, nowMs) + idleSeconds * 1000 - nowMs);
}
