import assert from 'node:assert/strict';
import { test } from 'node:test';

import { figureAt } from '../../static/js/wallet/count-up.js';
import { nextWait, retryAfter } from '../../static/js/wallet/pace.js';

const OPEN = { isVisible: true, isOnline: true, nowMs: 0, movedMs: 0, failures: 0, retryAfterMs: 0 };

const WAITS = [
  // what is different                     wait
  [{}, 1500],
  [{ isVisible: false }, null],
  [{ isOnline: false }, null],
  [{ nowMs: 599_999 }, 1500],
  [{ nowMs: 600_000 }, null],
  [{ failures: 1 }, 3000],
  [{ failures: 3 }, 12_000],
  [{ failures: 50 }, 30_000],
  [{ retryAfterMs: 20_000 }, 20_000],
];

test('an open page asks every 1.5 seconds while someone may be looking', () => {
  for (const [different, wait] of WAITS) {
    assert.equal(nextWait({ ...OPEN, ...different }), wait, JSON.stringify(different));
  }
});

test('a server that asks for patience is given it, within reason', () => {
  assert.deepEqual([null, '', '2', '-1', 'soon', '86400'].map(retryAfter), [0, 0, 2000, 0, 0, 300_000]);
});

test('a balance counts from the old figure to the new one', () => {
  const figures = [0, 0.5, 1, 2].map((progress) => figureAt(340, 352, progress));

  assert.deepEqual(figures, [340, 351, 352, 352]);
});
