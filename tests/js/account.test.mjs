import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSearch } from '../../static/js/admin/customers.js';
import { isChanged, isPlain, meaning } from '../../static/js/admin/dialog.js';
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
  [{ status: 200, part: 'dialog', address: null, redirected: false }, 'part'],
  [{ status: 409, part: 'dialog', address: null, redirected: false }, 'part'],
  [{ status: 204, part: 'dialog', address: '/account/', redirected: false }, 'lead'],
  [{ status: 200, part: null, address: null, redirected: true }, 'page'],
  [{ status: 200, part: null, address: null, redirected: false }, 'none'],
  [{ status: 403, part: null, address: null, redirected: false }, 'none'],
  [{ status: 502, part: null, address: null, redirected: false }, 'none'],
  [{ status: 503, part: null, address: null, redirected: false }, 'none'],
  [{ status: 503, part: null, address: null, redirected: true }, 'none'],
]) {
  test(`an answer ${JSON.stringify(answer)} is a ${means}`, () => {
    assert.equal(meaning(answer), means);
  });
}

/** A list with one letter for each option: x is chosen, capitals came chosen, - cannot be. */
function list(letters, type = 'select-one') {
  const options = [...letters].map((letter) => ({
    selected: letter.toLowerCase() === 'x',
    defaultSelected: letter !== letter.toLowerCase(),
    disabled: letter === '-',
  }));
  return { type, value: '', options };
}

for (const [words, field, changed] of [
  ['a text as it came', { type: 'text', value: 'a', defaultValue: 'a' }, false],
  ['a text that was typed', { type: 'textarea', value: 'ab', defaultValue: 'a' }, true],
  ['a tick as it came', { type: 'checkbox', value: 'on', checked: true, defaultChecked: true }, false],
  ['a tick that was taken off', { type: 'checkbox', value: 'on', checked: false, defaultChecked: true }, true],
  ['a list with the choice it came with', list('oXo'), false],
  ['a list with another choice', list('xOo'), true],
  ['a list that came without a choice', list('-xo'), false],
  ['a list that came without a choice and has one', list('-ox'), true],
  ['a list of several, none chosen', list('oo', 'select-multiple'), false],
  ['a list of several, the first chosen', list('xo', 'select-multiple'), true],
]) {
  test(`${words} is ${changed ? '' : 'not '}changed`, () => {
    assert.equal(isChanged(field), changed);
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
