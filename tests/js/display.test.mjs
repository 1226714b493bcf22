import assert from 'node:assert/strict';
import { test } from 'node:test';

import { choose } from '../../static/js/display.js';

test('a display choice is kept beside the others', () => {
  assert.deepEqual(choose({ theme: 'dark' }, 'text', 'large'), { theme: 'dark', text: 'large' });
});

test('a second choice of the same kind replaces the first', () => {
  assert.deepEqual(choose({ text: 'large' }, 'text', 'larger'), { text: 'larger' });
});

test('"as the device" forgets the choice', () => {
  assert.deepEqual(choose({ text: 'large', motion: 'less' }, 'text', ''), { motion: 'less' });
});
