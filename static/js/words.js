/**
 * Texts come translated from the server with places such as `{seconds}` to fill in. Pure.
 */

/**
 * Return the text with its places filled; a place without a value stays as it is.
 *
 * @param {string | undefined} text
 * @param {Readonly<Record<string, string | number>>} values
 * @returns {string}
 */
export function fill(text, values) {
  return (text ?? '').replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/**
 * Return a duration as minutes and seconds, `14:58`.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
