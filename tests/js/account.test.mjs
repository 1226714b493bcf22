import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSearch } from '../../static/js/admin/customers.js';
import { isPlain, meaning } from '../../static/js/admin/dialog.js';
import { leftAfter } from '../../static/js/admin/spend.js';

const CLICK = { button: 0, metaKey: false, ctrlKey: false, shiftKey: false, altKey: false };

test('a plain click or Enter opens a dialog', () => {
  assert.equal(isPlain(CLICK), true);
});

for (const key of ['metaKey', 'ctrlKey', 'shiftKey', 'altKey']) {
  test(`a click with ${key} is the browser's own`, () => {
    assert.equal(isPlain({ ...CLICK, [key]: true }), false);
  });
}

test('the middle button is the browser\'s own', () => {
  assert.equal(isPlain({ ...CLICK, button: 1 }), false);
});

for (const [answer, means] of [
  [{ status: 200, part: 'dialog', address: null }, 'part'],
  [{ status: 409, part: 'dialog', address: null }, 'part'],
  [{ status: 204, part: 'dialog', address: '/account/' }, 'lead'],
  [{ status: 200, part: null, address: null }, 'page'],
  [{ status: 403, part: null, address: null }, 'page'],
]) {
  test(`an answer ${JSON.stringify(answer)} is a ${means}`, () => {
    assert.equal(meaning(answer), means);
  });
}

test('what is left is told in the reader\'s digits', () => {
  assert.equal(leftAfter('1400', 'en'), '1,400');
  assert.equal(leftAfter('1400', 'pt-PT'), '1400');
});

test('nothing is told of a reward that cannot be chosen, or of none', () => {
  assert.equal(leftAfter(undefined, 'en'), '');
  assert.equal(leftAfter('', 'en'), '');
});

test('only words in the search box are a search', () => {
  assert.equal(isSearch('?q=912'), true);
  assert.equal(isSearch('?q=+'), false);
  assert.equal(isSearch('?tier=3'), false);
});
