import assert from 'node:assert/strict';
import { test } from 'node:test';

import { amountProblem, normaliseAmount, withPadKey } from '../../static/js/staff/amount-text.js';
import { untilLock } from '../../static/js/staff/idle.js';
import { withPinKey } from '../../static/js/staff/pin.js';
import { clock, fill } from '../../static/js/words.js';

const EURO = { decimals: 2, digits: 9 };
const YEN = { decimals: 0, digits: 9 };
const DINAR = { decimals: 3, digits: 9 };

const TYPED = [
  // as typed        as sent
  ['12.40', '12.40'],
  ['12,40', '12.40'],
  [' 12.40\u00A0', '12.40'],
  ['١٢٫٤٠', '12.40'],
  ['۱۲٫۴۰', '12.40'],
  ['１２．４０', '12.40'],
  ['\u200F١٢', '12'],
  ['१२', '12'],
];

test('digits of every script are the same amount', () => {
  for (const [typed, sent] of TYPED) {
    assert.equal(normaliseAmount(typed), sent, typed);
  }
});

const PROBLEMS = [
  // amount         currency  problem
  ['', EURO, ''],
  ['12.', EURO, ''],
  ['.5', EURO, ''],
  ['0012.40', EURO, ''],
  ['12.400', EURO, 'decimals'],
  ['12.400', DINAR, ''],
  ['1240', YEN, ''],
  ['12.4', YEN, 'decimals'],
  ['12.', YEN, 'decimals'],
  ['.', EURO, 'junk'],
  ['1_000', EURO, 'junk'],
  ['1e3', EURO, 'junk'],
  ['-0', EURO, 'junk'],
  ['NaN', EURO, 'junk'],
  ['1.234.50', EURO, 'junk'],
  ['€12.40', EURO, 'junk'],
  ['1'.repeat(400), EURO, 'long'],
];

test('what is no amount is refused with its reason', () => {
  for (const [amount, limits, problem] of PROBLEMS) {
    assert.equal(amountProblem(amount, limits), problem, amount);
  }
});

const PRESSES = [
  // before   key     currency  after
  ['', '1', EURO, '1'],
  ['0', '5', EURO, '5'],
  ['', '.', EURO, '0.'],
  ['12.40', '5', EURO, '12.40'],
  ['12', '.', YEN, '12'],
  ['1.5', '.', EURO, '1.5'],
  ['12.4', 'back', EURO, '12.'],
  ['', 'back', EURO, ''],
  ['999999999', '9', EURO, '999999999'],
];

test('the keypad writes amounts and nothing else', () => {
  for (const [before, key, limits, expected] of PRESSES) {
    assert.equal(withPadKey(before, key, limits), expected, `${before} ${key}`);
  }
});

test('the PIN pad stops at the longest PIN', () => {
  assert.deepEqual(
    [withPinKey('123', '4', 4), withPinKey('1234', '5', 4), withPinKey('12', 'back', 4), withPinKey('', '.', 4)],
    ['1234', '1234', '1', ''],
  );
});

test('a tablet locks after its idle time and not because its clock was set back', () => {
  const waits = [untilLock(0, 0, 60), untilLock(0, 59_000, 60), untilLock(0, 60_000, 60), untilLock(9e9, 0, 60)];

  assert.deepEqual(waits, [60_000, 1000, 0, 60_000]);
});

test('time is counted down in minutes and seconds', () => {
  assert.deepEqual([898, 59.2, 0, -3].map(clock), ['14:58', '1:00', '0:00', '0:00']);
});

test('a text is filled where it has places', () => {
  assert.equal(fill('new code in {seconds} s, {other}', { seconds: 18 }), 'new code in 18 s, {other}');
});
