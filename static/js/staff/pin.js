/**
 * The PIN pad of the quick switch between people.
 *
 * `<form data-pin-form>` holds a password field `[data-pin]` (`maxlength` counts), `[data-key]`
 * buttons and `[data-pin-dots]` with one element per place. The field itself takes a keyboard as
 * well, and everything works without this.
 */

import { normaliseAmount } from './amount-text.js';

/**
 * Return the PIN after one key of the pad. Pure.
 *
 * @param {string} pin
 * @param {string} key `0`–`9` or `back`
 * @param {number} longest
 * @returns {string}
 */
export function withPinKey(pin, key, longest) {
  if (key === 'back') {
    return pin.slice(0, -1);
  }
  return /^\d$/.test(key) && pin.length < longest ? pin + key : pin;
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLInputElement} field
 */
function wire(form, field) {
  function show() {
    // Digits of any script are the same PIN.
    const digits = normaliseAmount(field.value).replace(/\D/g, '');
    if (digits !== field.value) {
      field.value = digits;
    }
    const dots = form.querySelectorAll('[data-pin-dots] > *');
    dots.forEach((dot, place) => dot.classList.toggle('is-set', place < digits.length));
  }

  form.addEventListener('click', (event) => {
    const key = event.target instanceof Element ? event.target.closest('[data-key]') : null;
    if (key) {
      const longest = field.maxLength > 0 ? field.maxLength : 6;
      field.value = withPinKey(field.value, key.getAttribute('data-key') ?? '', longest);
      show();
    }
  });
  field.addEventListener('input', show);
  show();
}

for (const form of globalThis.document?.querySelectorAll('form[data-pin-form]') ?? []) {
  const field = form.querySelector('input[data-pin]');
  if (form instanceof HTMLFormElement && field instanceof HTMLInputElement) {
    wire(form, field);
  }
}
