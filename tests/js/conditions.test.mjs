import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applies, clauses, followed, prefix } from '../../static/js/admin/conditions.js';

/** @param {Record<string, string>} values */
const form = (values) => (/** @type {string} */ name) => values[name] ?? '';

test('a condition names other fields and the values they may have', () => {
  assert.deepEqual(clauses('group=ITEM|ITEM_GROUP;is_exempt='), [['group', ['ITEM', 'ITEM_GROUP']], ['is_exempt', ['']]]);
});

test('a field applies while all its clauses hold', () => {
  const condition = 'group=ITEM|ITEM_GROUP;is_exempt=';
  assert.equal(applies(condition, form({ group: 'ITEM_GROUP' })), true);
  assert.equal(applies(condition, form({ group: 'ALL' })), false);
  assert.equal(applies(condition, form({ group: 'ITEM', is_exempt: 'on' })), false);
});

test('a star stands for anything but nothing', () => {
  assert.equal(applies('stamps=*', form({ stamps: '10' })), true);
  assert.equal(applies('stamps=*', form({})), false);
});

test('what a field must be follows from another one, or does not', () => {
  const rule = 'group:BILL_VALUE=AMOUNT,BILL_QUANTITY=QUANTITY';
  assert.equal(followed(rule, form({ group: 'BILL_QUANTITY' })), 'QUANTITY');
  assert.equal(followed(rule, form({ group: 'ALL' })), '');
});

test('a field of a row knows its row', () => {
  assert.equal(prefix('lines-12-group'), 'lines-12-');
  assert.equal(prefix('group'), '');
});
