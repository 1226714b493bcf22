// How well text reads on a colour (WCAG 2). Pure; twin of staff/contrast.py.

export const LEAST_CONTRAST = 4.5;

/**
 * Return how light a colour is, from 0 to 1 (WCAG 2).
 * @param {string} colour
 * @returns {number}
 */
function luminance(colour) {
  const channels = [1, 3, 5].map((start) => {
    const part = parseInt(colour.slice(start, start + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
}

/**
 * Return the contrast of two colours, from 1 to 21.
 * @param {string} text
 * @param {string} background
 * @returns {number}
 */
export function contrast(text, background) {
  const both = [luminance(text), luminance(background)].sort((one, other) => other - one);
  return (both[0] + 0.05) / (both[1] + 0.05);
}
