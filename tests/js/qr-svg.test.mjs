import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cardAddress, modulesOf, pathOf, symbolOf } from '../../static/js/qr-svg.js';
import decodeQR from '../../static/vendor/qr/0.7.0/decode.js';

const CODE = '7Q2M9XK4T0ZN';

/** Draw a path of boxes as pixels, the way an SVG renderer fills it. */
function pixelsOf({ size, path }, scale) {
  const side = size * scale;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = y * scale; row < (Number(y) + 1) * scale; row += 1) {
      for (let column = x * scale; column < (Number(x) + Number(width)) * scale; column += 1) {
        data.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3);
      }
    }
  }
  return { width: side, height: side, data };
}

const SIZES = [
  // site                                             totp      modules
  ['https://loyal.example.com', '512345', 29],
  ['https://loyal.example', '', 29],
  ['http://localhost:8000/', '512345', 29],
  ['https://cards.harbour-coffee.example', '512345', 29],
  ['https://a-host-that-is-longer-than-thirty.example', '512345', 33],
];

test('a member code stays small for hosts of the usual length', () => {
  for (const [site, totp, modules] of SIZES) {
    assert.equal(modulesOf(cardAddress(site, CODE, totp)).length, modules, site);
  }
});

test('an address is written in upper case', () => {
  assert.equal(
    cardAddress('https://loyal.example/', CODE.toLowerCase(), '012345'),
    `HTTPS://LOYAL.EXAMPLE/C/${CODE}/012345`,
  );
});

test('the drawn symbol reads back as the address', () => {
  const address = cardAddress('https://loyal.example', CODE, '512345');

  assert.equal(decodeQR(pixelsOf(symbolOf(address), 6)), address);
});

test('a symbol has four white modules around it', () => {
  const { size, path } = symbolOf('HTTPS://LOYAL.EXAMPLE');
  const boxes = [...path.matchAll(/M(\d+) (\d+)h(\d+)/g)].map((m) => m.slice(1).map(Number));

  assert.equal(Math.min(...boxes.map(([x]) => x)), 4);
  assert.equal(Math.min(...boxes.map(([, y]) => y)), 4);
  assert.equal(Math.max(...boxes.map(([x, , width]) => x + width)), size - 4);
  assert.equal(Math.max(...boxes.map(([, y]) => y + 1)), size - 4);
});

test('neighbouring black modules are one box', () => {
  assert.equal(pathOf([[true, true, false, true]], 1), 'M1 1h2v1h-2zM4 1h1v1h-1z');
});
