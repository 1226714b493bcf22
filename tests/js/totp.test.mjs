import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { bytesFromHex, clockOffset, importKey, secondsLeft, stepAt, totp } from '../../static/js/totp.js';

const { vectors } = JSON.parse(readFileSync(new URL('../vectors/totp.json', import.meta.url), 'utf8'));

test('the codes are those of the standard and of the server', async () => {
  for (const { key, seconds, step, code } of vectors) {
    assert.equal(stepAt(seconds * 1000), step);
    assert.equal(await totp(await importKey(key), step), code, `${seconds}`);
  }
});

test('a code counts down from 30 to 1 seconds', () => {
  const left = [0, 999, 1000, 29_999, 30_000].map(secondsLeft);

  assert.deepEqual(left, [30, 30, 29, 1, 30]);
});

test('a wrong clock is corrected and the delay of the network is not', () => {
  const offsets = [
    clockOffset(100_000, 98_500),
    clockOffset(100_000, 40_000),
    clockOffset(40_000, 100_000),
    clockOffset(Number.NaN, 100_000),
  ];

  assert.deepEqual(offsets, [0, 60_000, -60_000, 0]);
});

test('a key that is not hexadecimal is refused', () => {
  for (const key of ['', 'abc', 'zz', '0x12']) {
    assert.throws(() => bytesFromHex(key), RangeError);
  }
});
