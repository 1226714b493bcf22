import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contrast } from '../../static/js/admin/contrast.js';

test('black on white has the most contrast there is', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
});

test('a colour on itself has none', () => {
  assert.equal(contrast('#0f6e4f', '#0f6e4f'), 1);
});

test('white on our green reads well', () => {
  assert.equal(contrast('#ffffff', '#0f6e4f').toFixed(1), '6.2');
});
