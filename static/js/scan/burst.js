/**
 * Telling a hardware scanner from fingers: it types a whole code with hardly a pause. Pure.
 */

export const LONGEST_GAP_MS = 35;
export const SILENCE_MS = 100;
export const SHORTEST_CODE = 12;

/** Someone who typed by hand a moment ago in this field goes on typing by hand. */
const BY_HAND_MS = 1000;

/** @type {Burst} */
export const NO_BURST = { text: '', lastMs: Number.NEGATIVE_INFINITY, isByHand: false };

/**
 * Return the burst after one more character.
 *
 * @param {Burst} burst
 * @param {string} key
 * @param {number} nowMs
 * @param {boolean} isInField whether the character also lands in a text field
 * @returns {Burst}
 */
export function withKey(burst, key, nowMs, isInField) {
  const gap = nowMs - burst.lastMs;
  if (gap <= LONGEST_GAP_MS) {
    return { ...burst, text: burst.text + key, lastMs: nowMs };
  }
  return { text: key, lastMs: nowMs, isByHand: isInField && gap < BY_HAND_MS };
}

/**
 * Return the text of a finished burst, or '' when it was none.
 *
 * @param {Burst} burst
 * @param {number} nowMs
 * @returns {string}
 */
export function finished(burst, nowMs) {
  const isWhole = burst.text.length >= SHORTEST_CODE && nowMs - burst.lastMs <= SILENCE_MS * 2;
  return isWhole && !burst.isByHand ? burst.text : '';
}
