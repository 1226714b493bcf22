/**
 * What someone typed or pasted as an amount. Pure.
 *
 * The browser only tidies the text and keeps nonsense out; what an amount is worth and whether
 * it may be booked is the server's to say.
 */

/** First digits of the ten in each script that counts decimally and is met at a counter. */
const ZEROS = [0x0030, 0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0xff10];
const SEPARATORS = /[.,\u066B\uFF0E\uFF0C\u060C]/g;
const GAPS = /^[\s\u200E\u200F\u061C]+|[\s\u200E\u200F\u061C]+$/g;

/**
 * Return the text with every digit as 0–9 and every decimal separator as a point.
 *
 * @param {string} text
 * @returns {string}
 */
export function normaliseAmount(text) {
  const digits = Array.from(text.replace(GAPS, ''), (character) => {
    const point = character.codePointAt(0) ?? 0;
    const zero = ZEROS.find((first) => point >= first && point < first + 10);
    return zero === undefined ? character : String(point - zero);
  });
  return digits.join('').replace(SEPARATORS, '.');
}

/**
 * Return what is wrong with a normalised amount, or ''. An empty one is not wrong yet.
 *
 * @param {string} amount
 * @param {AmountLimits} limits
 * @returns {'' | 'junk' | 'decimals' | 'long'}
 */
export function amountProblem(amount, { decimals, digits }) {
  const parts = /^(\d*)(?:\.(\d*))?$/.exec(amount);
  if (!parts || amount === '.') {
    return 'junk';
  }
  const [, whole = '', fraction = ''] = parts;
  if (fraction.length > decimals || (decimals === 0 && amount.includes('.'))) {
    return 'decimals';
  }
  return whole.replace(/^0+/, '').length > digits ? 'long' : '';
}

/**
 * Return the amount after one key of the keypad; a key that fits nowhere changes nothing.
 *
 * @param {string} amount
 * @param {string} key `0`–`9`, `.` or `back`
 * @param {AmountLimits} limits
 * @returns {string}
 */
export function withPadKey(amount, key, limits) {
  if (key === 'back') {
    return amount.slice(0, -1);
  }
  const isBareZero = amount === '0' && key !== '.';
  const start = amount === '' && key === '.' ? '0' : isBareZero ? '' : amount;
  const next = start + key;
  return amountProblem(next, limits) === '' ? next : amount;
}
