/**
 * What a keyboard layout makes of the characters a hardware scanner sends. Pure tables.
 *
 * Each table leads from the character that arrived to the one in the code.
 */

/** @type {Readonly<Record<string, string>>} */
const SAME = {};

/** @type {Readonly<Record<string, string>>} Only the two letters that change places. */
const SWAPPED = { Y: 'Z', Z: 'Y', y: 'z', z: 'y' };

/** @type {Readonly<Record<string, string>>} A US scanner on a German, Austrian or Swiss computer. */
const QWERTZ = {
  ...SWAPPED,
  Ö: ':',
  ö: ':',
  é: ':',
  ';': ':',
  '-': '/',
  ß: '-',
  "'": '-',
  _: '?',
};

/** @type {Readonly<Record<string, string>>} A German scanner on a US computer. */
const QWERTZ_SENT = { ...SWAPPED, '>': ':', '.': '.', '&': '/', '/': '-' };

/** @type {Readonly<Record<string, string>>} A US scanner on a Spanish, Italian or Nordic computer. */
const QWERTY_EUROPE = {
  Ñ: ':',
  ñ: ':',
  Ç: ':',
  ç: ':',
  Ö: ':',
  Æ: ':',
  Ø: ':',
  ò: ':',
  é: ':',
  ';': ':',
  '-': '/',
  '&': '/',
  "'": '-',
  '+': '-',
};

/** @type {Readonly<Record<string, string>>} A US scanner on a French computer. */
const AZERTY = {
  A: 'Q',
  Q: 'A',
  Z: 'W',
  W: 'Z',
  a: 'q',
  q: 'a',
  z: 'w',
  w: 'z',
  '?': 'M',
  ',': 'm',
  M: ':',
  m: ':',
  ':': '.',
  '/': '.',
  '!': '/',
  '§': '/',
  ')': '-',
  '&': '1',
  é: '2',
  É: '2',
  '"': '3',
  "'": '4',
  '(': '5',
  '-': '6',
  è: '7',
  È: '7',
  _: '8',
  ç: '9',
  Ç: '9',
  à: '0',
  À: '0',
};

/** The layouts whose separators are known. */
export const LAYOUTS = [SAME, QWERTZ, QWERTZ_SENT, QWERTY_EUROPE, AZERTY, SWAPPED];

/** The ways letters may change places when nothing is known of the separators. */
export const FAMILIAR = [SAME, SWAPPED];
