import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FIRST_STATE, advice, cameraFailure, isRepeat, nextState } from '../../static/js/scan/states.js';

const FAILURES = ['denied', 'blocked', 'missing', 'busy', 'insecure', 'undecodable'];

/** Let events happen one after the other and return the last state. */
const after = (...events) => events.reduce(nextState, FIRST_STATE);

const STORIES = [
  // what happens                                        screen        hint
  [[], 'start', ''],
  [['open'], 'asking', ''],
  [['open', 'opened'], 'scanning', ''],
  [['open', 'opened', 'found'], 'found', ''],
  [['open', 'opened', 'found', 'again'], 'start', ''],
  [['open', 'opened', 'foreign'], 'scanning', 'foreign'],
  [['open', 'opened', 'foreign', 'slow'], 'scanning', 'foreign'],
  [['open', 'opened', 'slow', 'dark'], 'scanning', 'dark'],
  [['open', 'opened', 'dark', 'slow'], 'scanning', 'dark'],
  [['open', 'opened', 'slow', 'damaged'], 'scanning', 'damaged'],
  [['open', 'opened', 'foreign', 'clear'], 'scanning', ''],
  [['open', 'opened', 'foreign', 'found'], 'found', ''],
  [['open', 'opened', 'hidden'], 'paused', ''],
  [['open', 'opened', 'hidden', 'shown'], 'asking', ''],
  [['open', 'opened', 'hidden', 'shown', 'opened'], 'scanning', ''],
  [['open', 'opened', 'offline'], 'offline', ''],
  [['open', 'opened', 'offline', 'offline', 'online'], 'start', ''],
  [['open', 'denied', 'offline', 'online'], 'denied', ''],
  [['offline', 'open', 'opened', 'hidden'], 'offline', ''],
  [['hidden', 'shown'], 'start', ''],
  [['denied', 'hidden', 'shown'], 'denied', ''],
  [['dark'], 'start', ''],
  [['open', 'opened', 'found', 'busy'], 'found', ''],
  [['open', 'opened', 'busy'], 'busy', ''],
];

test('the page shows one screen for each story', () => {
  for (const [events, screen, hint] of STORIES) {
    const state = after(...events);
    assert.deepEqual([state.screen, state.hint], [screen, hint], events.join(' '));
  }
});

test('every failure of the camera can be tried again', () => {
  for (const failure of FAILURES) {
    assert.equal(after('open', failure).screen, failure);
    assert.equal(after('open', failure, 'open').screen, 'asking');
  }
});

test('a typed or scanned code is taken on every screen', () => {
  for (const failure of FAILURES) {
    assert.equal(after('open', failure, 'found').screen, 'found');
  }
});

test('a browser without the quick engine goes on scanning', () => {
  const state = after('open', 'wasm-blocked', 'opened');

  assert.deepEqual([state.screen, state.isSlowReader], ['scanning', true]);
});

test('an event that changes nothing returns the same state', () => {
  const state = after('open', 'opened');

  assert.equal(nextState(state, 'opened'), state);
  assert.equal(nextState(state, 'clear'), state);
  assert.equal(nextState(state, 'online'), state);
});

const REFUSALS = [
  // error                   secure  policy  screen
  ['NotAllowedError', true, true, 'denied'],
  ['SecurityError', true, true, 'denied'],
  ['NotAllowedError', true, false, 'blocked'],
  ['NotFoundError', true, true, 'missing'],
  ['OverconstrainedError', true, true, 'missing'],
  ['NotReadableError', true, true, 'busy'],
  ['AbortError', true, true, 'busy'],
  ['TypeError', false, true, 'insecure'],
];

test('each refusal of the browser has its own screen', () => {
  for (const [name, isSecure, isAllowedByPolicy, screen] of REFUSALS) {
    assert.equal(cameraFailure({ name }, { isSecure, isAllowedByPolicy }), screen, name);
  }
});

test('the same card is ignored for three seconds, another one is not', () => {
  const last = { key: 'A', atMs: 1000 };
  const repeats = [
    isRepeat(null, 'A', 1000),
    isRepeat(last, 'A', 3999),
    isRepeat(last, 'A', 4000),
    isRepeat(last, 'B', 1001),
    isRepeat(last, 'A', 500),
  ];

  assert.deepEqual(repeats, [false, true, false, false, false]);
});

test('light is offered after two dark seconds, another camera after four', () => {
  const run = { darkSinceMs: null, startedMs: 0 };
  const given = [
    advice({ ...run, nowMs: 3999 }),
    advice({ ...run, nowMs: 4000 }),
    advice({ ...run, darkSinceMs: 500, nowMs: 2499 }),
    advice({ ...run, darkSinceMs: 500, nowMs: 2500 }),
  ];

  assert.deepEqual(given, ['', 'slow', '', 'dark']);
});
