/**
 * A QR symbol as one SVG path: black on white, four modules of margin, nothing inside. Pure.
 */

import encodeQR from '../vendor/qr/0.7.0/index.js';

export const MARGIN = 4;

/** Modules of a member's code for hosts of the usual length. */
const USUAL_SIZE = 29;

/** The characters of the compact mode; anything else costs a larger symbol. */
const COMPACT = /^[0-9A-Z $%*+\-./:]*$/;

/**
 * Return the address a member's code shows, in upper case so that it stays small.
 *
 * @param {string} site scheme, host and port, as in `SITE_URL`
 * @param {string} code
 * @param {string} totp six digits, or '' for a printed card
 * @returns {string}
 */
export function cardAddress(site, code, totp) {
  const path = totp ? `/C/${code}/${totp}` : `/C/${code}`;
  return `${site.replace(/\/+$/, '')}${path}`.toUpperCase();
}

/**
 * Return the modules of a symbol, without margin; true is black.
 *
 * Level Q where that fits the usual size; for a longer host level M, if it is smaller: a finger
 * over a corner is bearable, a larger symbol costs reach at the counter.
 *
 * @param {string} text
 * @returns {boolean[][]}
 */
export function modulesOf(text) {
  const strong = encoded(text, 'quartile');
  if (strong.length <= USUAL_SIZE) {
    return strong;
  }
  const small = encoded(text, 'medium');
  return small.length < strong.length ? small : strong;
}

/**
 * @param {string} text
 * @param {'medium' | 'quartile'} ecc
 * @returns {boolean[][]}
 */
function encoded(text, ecc) {
  const encoding = COMPACT.test(text) ? 'alphanumeric' : 'byte';
  // The encoder insists on a border of at least one.
  const framed = encodeQR(text, 'raw', { ecc, encoding, border: 1 });
  return framed.slice(1, -1).map((row) => row.slice(1, -1));
}

/**
 * Return the path that fills the black modules, one closed box per run in a row.
 *
 * @param {readonly (readonly boolean[])[]} modules
 * @param {number} [margin]
 * @returns {string}
 */
export function pathOf(modules, margin = MARGIN) {
  let path = '';
  modules.forEach((row, y) => {
    let x = 0;
    while (x < row.length) {
      let end = x;
      while (end < row.length && row[end]) {
        end += 1;
      }
      if (end > x) {
        path += `M${x + margin} ${y + margin}h${end - x}v1h-${end - x}z`;
      }
      x = end + 1;
    }
  });
  return path;
}

/**
 * Return what an SVG needs to show a text as a symbol.
 *
 * @param {string} text
 * @returns {{ size: number, path: string }} the side of the view box with the margin, the path
 */
export function symbolOf(text) {
  const modules = modulesOf(text);
  return { size: modules.length + 2 * MARGIN, path: pathOf(modules) };
}
