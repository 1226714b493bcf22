import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ALPHABET, cardCode, checkCharacter, grouped, parseKeys, parseScan } from '../../static/js/codes.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/card_codes.json', import.meta.url), 'utf8'));
const HOSTS = ['loyal.example'];
const CODE = '7Q2M9XK4T0ZN';
const TOKEN = '0123456789ABCDEFGHJKMNPQRS';
const CARD = { kind: 'card', key: CODE, path: `/C/${CODE}` };
const LIVE = { kind: 'card', key: CODE, path: `/C/${CODE}/512345` };
const CLAIM = { kind: 'claim', key: TOKEN, path: `/R/${TOKEN}` };
const FOREIGN = { kind: 'foreign', key: '', path: '' };
const DAMAGED = { kind: 'damaged', key: '', path: '' };

test('the alphabet is the one the server uses', () => {
  assert.equal(ALPHABET, vectors.alphabet);
});

test('every code of the shared list is accepted', () => {
  assert.deepEqual(vectors.valid.map(cardCode), vectors.valid);
});

test('a code is understood however it was typed', () => {
  for (const { typed, code } of vectors.typed) {
    assert.equal(cardCode(typed), code, JSON.stringify(typed));
  }
});

test('full-width characters and long dashes are understood as well', () => {
  assert.equal(cardCode('７Ｑ２Ｍ—９ＸＫ４—Ｔ０ＺＮ'), CODE);
});

test('a mistyped code is refused', () => {
  for (const { typed, why } of vectors.refused) {
    assert.equal(cardCode(typed), '', why);
  }
});

test('the check character catches every single wrong character', () => {
  for (let place = 0; place < CODE.length; place += 1) {
    for (const other of ALPHABET.replace(CODE[place], '')) {
      assert.equal(cardCode(CODE.slice(0, place) + other + CODE.slice(place + 1)), '');
    }
  }
});

test('a payload with a foreign character has no check character', () => {
  assert.equal(checkCharacter('7Q2M9XK4TÖZ'), '');
});

test('a code is shown in three groups of four', () => {
  assert.equal(grouped('7q2m9xk4tozn'), '7Q2M 9XK4 T0ZN');
});

const SCANS = [
  // what the camera read                          what it asks for
  [`HTTPS://LOYAL.EXAMPLE/C/${CODE}/512345`, LIVE],
  [`https://loyal.example/c/${CODE.toLowerCase()}/512345`, LIVE],
  [`HTTPS://LOYAL.EXAMPLE/C/${CODE}`, CARD],
  [`https://loyal.example/c/${CODE}/?from=poster#top`, CARD],
  [CODE, CARD],
  [`HTTPS://LOYAL.EXAMPLE/R/${TOKEN}`, CLAIM],
  [`HTTPS://EVIL.EXAMPLE/C/${CODE}/512345`, FOREIGN],
  [`HTTPS://LOYAL.EXAMPLE.EVIL.EXAMPLE/C/${CODE}`, FOREIGN],
  [`HTTPS://LOYAL.EXAMPLE@EVIL.EXAMPLE/C/${CODE}`, FOREIGN],
  [`JAVASCRIPT://LOYAL.EXAMPLE/C/${CODE}`, FOREIGN],
  ['HTTPS://LOYAL.EXAMPLE/JOIN/HARBOUR', FOREIGN],
  [`HTTPS://LOYAL.EXAMPLE/C/${CODE}/512345/MORE`, FOREIGN],
  ['HTTPS://LOYAL.EXAMPLE/C/7Q2M9XK4T0ZB', DAMAGED],
  [`HTTPS://LOYAL.EXAMPLE/C/${CODE}/5123`, DAMAGED],
  [`HTTPS://LOYAL.EXAMPLE/R/${TOKEN.slice(1)}`, DAMAGED],
  ['4006381333931', FOREIGN],
  ['WIFI:S:guest;P:guest;;', FOREIGN],
  ['', FOREIGN],
];

test('a scanned text opens a path of this site or nothing', () => {
  for (const [text, expected] of SCANS) {
    assert.deepEqual(parseScan(text, HOSTS), expected, text);
  }
});

test('the port belongs to the host', () => {
  const text = `HTTP://LOCALHOST:8000/C/${CODE}`;

  assert.deepEqual(parseScan(text, ['localhost:8000']), CARD);
  assert.deepEqual(parseScan(text, ['localhost']), FOREIGN);
});

const KEYS = [
  // how the scanner and the computer differ      what arrives                                  what it asks for
  ['they agree', `HTTPS://LOYAL.EXAMPLE/C/${CODE}/512345`, LIVE],
  ['a German computer', 'HTTPSÖ--LOZAL.EXAMPLE-C-7Q2M9XK4T0YN-512345', LIVE],
  ['a German scanner', 'HTTPS>&&LOZAL.EXAMPLE&C&7Q2M9XK4T0YN&512345', LIVE],
  ['a Spanish computer', `HTTPSÑ--LOYAL.EXAMPLE-C-${CODE}-512345`, LIVE],
  ['shift is dropped', `https;//loyal.example/c/${CODE.toLowerCase()}/512345`, LIVE],
  ['separators are dropped', `HTTPSLOYALEXAMPLEC${CODE}512345`, LIVE],
  ['the first letters are lost', `TPS://LOYAL.EXAMPLE/C/${CODE}/512345`, LIVE],
  ['a bare code', CODE, CARD],
  ['a bare code, Y and Z changed', '7Q2M9XK4T0YN', CARD],
  ['a claim', `HTTPS://LOYAL.EXAMPLE/R/${TOKEN}`, CLAIM],
  ['a claim on a German computer', `HTTPSÖ--LOZAL.EXAMPLE-R-${TOKEN}`, CLAIM],
  ['a foreign address', `HTTPS://EVIL.EXAMPLE/C/${CODE}`, FOREIGN],
  ['a damaged card', 'HTTPS://LOYAL.EXAMPLE/C/7Q2M9XK4T0ZB', DAMAGED],
  ['a bottle of milk', '4006381333931', FOREIGN],
];

test('a hardware scanner is understood in spite of its layout', () => {
  for (const [how, text, expected] of KEYS) {
    assert.deepEqual(parseKeys(text, HOSTS), expected, how);
  }
});

test('a French computer turns digits into signs and is understood', () => {
  const keys = { 0: 'à', 1: '&', 2: 'é', 3: '"', 4: "'", 5: '(', 6: '-', 7: 'è', 8: '_', 9: 'ç' };
  const signs = { ':': 'M', '/': '!', '.': ':', A: 'Q', Q: 'A', W: 'Z', Z: 'W', M: '?', ...keys };
  const typed = [...`HTTPS://LOYAL.EXAMPLE/C/${CODE}/512345`].map((c) => signs[c] ?? c).join('');

  assert.deepEqual(parseKeys(typed, HOSTS), LIVE);
});
