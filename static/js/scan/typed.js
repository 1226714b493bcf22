/**
 * The code typed by hand: grouped while typing, checked before it leaves, a plain form without
 * JavaScript.
 *
 * The form carries `data-typed-code` and holds a field `code` and `[data-typed-error]`, whose
 * `data-text-short`, `data-text-damaged` and `data-text-foreign` are the sentences to show.
 */

import { CARD_LENGTH, cardCode, grouped, normalise, parseScan } from '../codes.js';
import { emitScan } from './event.js';

/**
 * Return what is wrong with a typed text, or '' for a card code or an address of ours. Pure.
 *
 * @param {string} text
 * @param {readonly string[]} hosts
 * @returns {'' | 'short' | 'damaged' | 'foreign'}
 */
export function typedProblem(text, hosts) {
  const scanned = parseScan(text, hosts);
  if (scanned.path) {
    return '';
  }
  if (text.includes('/')) {
    return scanned.kind === 'damaged' ? 'damaged' : 'foreign';
  }
  return normalise(text).length < CARD_LENGTH ? 'short' : 'damaged';
}

/**
 * @param {HTMLFormElement} form
 * @param {readonly string[]} hosts
 */
export function wireTypedCode(form, hosts) {
  const field = form.elements.namedItem('code');
  const error = form.querySelector('[data-typed-error]');
  if (!(field instanceof HTMLInputElement) || !(error instanceof HTMLElement)) {
    return;
  }

  /** @param {'' | 'short' | 'damaged' | 'foreign'} problem */
  function tell(problem) {
    const key = `text${problem.charAt(0).toUpperCase()}${problem.slice(1)}`;
    /** @type {HTMLElement} */ (error).textContent = problem
      ? (/** @type {HTMLElement} */ (error).dataset[key] ?? '')
      : '';
    /** @type {HTMLElement} */ (error).hidden = problem === '';
    /** @type {HTMLElement} */ (field).setAttribute('aria-invalid', String(problem !== ''));
  }

  field.addEventListener('input', () => {
    const isAtEnd = field.selectionStart === field.value.length;
    // An address may be pasted as it is; only a bare code is grouped, and never mid-word.
    if (isAtEnd && !/[/:]/.test(field.value)) {
      field.value = grouped(field.value);
    }
    const isWhole = normalise(field.value).length >= CARD_LENGTH;
    tell(isWhole ? typedProblem(field.value, hosts) : '');
  });

  form.addEventListener('submit', (event) => {
    const problem = typedProblem(field.value, hosts);
    tell(problem);
    if (problem) {
      event.preventDefault();
      field.focus();
    } else if (emitScan('typed', parseScan(field.value, hosts))) {
      event.preventDefault();
    } else {
      field.value = cardCode(field.value) || field.value;
    }
  });
}
