import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NO_BURST, finished, withKey } from '../../static/js/scan/burst.js';

/** Type a text with a pause between keys and return what came of it. */
function typed(text, { gapMs, startMs = 10_000, isInField = false, burst = NO_BURST }) {
  let now = startMs;
  for (const key of text) {
    burst = withKey(burst, key, now, isInField);
    now += gapMs;
  }
  return finished(burst, now);
}

test('a whole code without a pause comes from a scanner', () => {
  assert.equal(typed('7Q2M9XK4T0ZN', { gapMs: 8 }), '7Q2M9XK4T0ZN');
});

test('a code typed by hand does not come from a scanner', () => {
  assert.equal(typed('7Q2M9XK4T0ZN', { gapMs: 60 }), '');
});

test('fewer than twelve characters are no code', () => {
  assert.equal(typed('7Q2M9XK4T0Z', { gapMs: 8 }), '');
});

test('a scanner that fires into an untouched field is understood', () => {
  assert.equal(typed('7Q2M9XK4T0ZN', { gapMs: 8, isInField: true }), '7Q2M9XK4T0ZN');
});

test('fast keys after typing by hand in a field belong to the hand', () => {
  const burst = withKey(NO_BURST, '1', 9_800, true);

  assert.equal(typed('7Q2M9XK4T0ZN', { gapMs: 8, isInField: true, burst }), '');
});

test('a stray key long before the scan does not spoil it', () => {
  const burst = withKey(NO_BURST, 'x', 5_000, false);

  assert.equal(typed('7Q2M9XK4T0ZN', { gapMs: 8, burst }), '7Q2M9XK4T0ZN');
});
