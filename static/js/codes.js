/**
 * Card codes and what a scanned text means. Pure: no page, no network.
 *
 * The same rules live in Python (`loyalty/members/codes.py`); both are tested against
 * `tests/vectors/card_codes.json`.
 */

import { FAMILIAR, LAYOUTS } from './layouts.js';

export const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const CARD_LENGTH = 12;
export const TOTP_LENGTH = 6;
export const TOKEN_LENGTH = 26;

const BASE = ALPHABET.length;

/**
 * Return the text as a person meant it: upper case, no gaps, O read as 0, I and L as 1.
 *
 * @param {string} text
 * @returns {string}
 */
export function normalise(text) {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\u00AD\u2010-\u2015-]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
}

/**
 * Return the check character of a payload: Luhn mod 32 over the alphabet.
 *
 * @param {string} payload normalised characters without the check character
 * @returns {string} one character, or '' when the payload holds a foreign character
 */
export function checkCharacter(payload) {
  let factor = 2;
  let sum = 0;
  for (let index = payload.length - 1; index >= 0; index -= 1) {
    const value = ALPHABET.indexOf(payload.charAt(index));
    if (value < 0) {
      return '';
    }
    const addend = factor * value;
    sum += Math.floor(addend / BASE) + (addend % BASE);
    factor = factor === 2 ? 1 : 2;
  }
  return ALPHABET.charAt((BASE - (sum % BASE)) % BASE);
}

/**
 * Return the twelve characters of a card code, or '' when the text is none.
 *
 * @param {string} text as typed: any case, with or without gaps
 * @returns {string}
 */
export function cardCode(text) {
  const code = normalise(text);
  if (code.length !== CARD_LENGTH) {
    return '';
  }
  return checkCharacter(code.slice(0, -1)) === code.slice(-1) ? code : '';
}

/**
 * Return a code in three groups of four, the way it is printed.
 *
 * @param {string} text
 * @returns {string}
 */
export function grouped(text) {
  return (normalise(text).match(/.{1,4}/g) ?? []).join(' ');
}

/**
 * Return what a decoded text asks for.
 *
 * Only our own hosts count; the answer holds a path and never an address, so that nothing a
 * stranger prints can lead away from this site.
 *
 * @param {string} text as a camera read it
 * @param {readonly string[]} hosts our hosts, with the port where there is one
 * @returns {Scanned}
 */
export function parseScan(text, hosts) {
  const trimmed = text.trim();
  const address = /^https?:\/\/([^/?#]+)\/([^?#]*)/i.exec(trimmed);
  if (!address) {
    const code = cardCode(trimmed);
    return code ? card(code, '') : nothing('foreign');
  }
  const [, host = '', path = ''] = address;
  if (!hosts.some((own) => own.toLowerCase() === host.toLowerCase())) {
    return nothing('foreign');
  }
  return parsePath(path);
}

/**
 * @param {string} path without the leading slash
 * @returns {Scanned}
 */
function parsePath(path) {
  const [kind = '', first = '', second = '', ...rest] = path.replace(/\/$/, '').split('/');
  if (rest.length > 0) {
    return nothing('foreign');
  }
  if (/^c$/i.test(kind)) {
    const code = cardCode(first);
    const totp = second === '' || /^[0-9]{6}$/.test(second);
    return code && totp ? card(code, second) : nothing('damaged');
  }
  if (/^r$/i.test(kind) && second === '') {
    return claim(normalise(first));
  }
  return nothing('foreign');
}

/**
 * Return what a burst of keys from a hardware scanner asks for.
 *
 * A scanner types as a keyboard, often with another layout than the computer expects: Y and Z
 * change places, `:` and `/` become something else. Each known layout is tried; a card code must
 * then pass its check character, a claim must have come through with all its separators.
 *
 * @param {string} text
 * @param {readonly string[]} hosts
 * @returns {Scanned}
 */
export function parseKeys(text, hosts) {
  let best = nothing('foreign');
  for (const layout of LAYOUTS) {
    const read = parseScan(mapped(text, layout), hosts);
    if (read.kind === 'card' || read.kind === 'claim') {
      return read;
    }
    if (read.kind === 'damaged') {
      best = read;
    }
  }
  return parseRemains(text, hosts) ?? best;
}

/**
 * Return the card in a text whose separators are beyond repair, by letters and digits alone. A
 * scanner that was quicker than the page may have lost the first letters of `HTTPS`.
 *
 * @param {string} text
 * @param {readonly string[]} hosts
 * @returns {Scanned | null}
 */
function parseRemains(text, hosts) {
  for (const layout of FAMILIAR) {
    const rest = bare(mapped(text, layout));
    for (const host of hosts) {
      const start = new RegExp(`^[HTPS]{0,5}${bare(host)}C(.{12})([0-9]{6})?$`).exec(rest);
      const code = cardCode(start?.[1] ?? '');
      if (code) {
        return card(code, start?.[2] ?? '');
      }
    }
  }
  return null;
}

/**
 * @param {string} text
 * @returns {string}
 */
function bare(text) {
  return text.toUpperCase().replace(/[^0-9A-Z]/g, '');
}

/**
 * @param {string} text
 * @param {Readonly<Record<string, string>>} layout
 * @returns {string}
 */
function mapped(text, layout) {
  return Array.from(text, (key) => layout[key] ?? key).join('');
}

/**
 * @param {string} code
 * @param {string} totp
 * @returns {Scanned}
 */
function card(code, totp) {
  return { kind: 'card', key: code, path: totp ? `/C/${code}/${totp}` : `/C/${code}` };
}

/**
 * @param {string} token
 * @returns {Scanned}
 */
function claim(token) {
  const whole = token.length === TOKEN_LENGTH && [...token].every((c) => ALPHABET.includes(c));
  return whole ? { kind: 'claim', key: token, path: `/R/${token}` } : nothing('damaged');
}

/**
 * @param {'foreign' | 'damaged'} kind
 * @returns {Scanned}
 */
function nothing(kind) {
  return { kind, key: '', path: '' };
}
