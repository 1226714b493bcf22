// How well text reads on a colour (WCAG 2). Pure; twin of staff/contrast.py.

export const LEAST_CONTRAST = 4.5;

/** @type {ReadonlyArray<readonly [number, number]>} Where a channel stands, and its weight. */
const CHANNELS = [[1, 0.2126], [3, 0.7152], [5, 0.0722]];

/**
 * Return how light a colour is, from 0 to 1.
 * @param {string} colour
 * @returns {number}
 */
function luminance(colour) {
  return CHANNELS.reduce((total, [start, weight]) => {
    const part = parseInt(colour.slice(start, start + 2), 16) / 255;
    return total + weight * (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
}

/**
 * Return the contrast of two colours, from 1 to 21.
 * @param {string} text
 * @param {string} background
 * @returns {number}
 */
export function contrast(text, background) {
  const [one, other] = [luminance(text), luminance(background)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}
