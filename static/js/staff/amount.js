/**
 * The amount at the counter: keypad, tidy digits, and a preview that the server computes.
 *
 * `<form data-amount-form data-preview-url>` holds
 * - `<input data-amount data-decimals="2" data-digits="9">`, described by `[data-amount-error]`
 *   (`data-text-junk`, `data-text-decimals`, `data-text-long`);
 * - `[data-key="0…9|.|back"]` buttons of the keypad;
 * - `[data-preview]` with `[data-preview-figure]` and `[data-preview-why]`;
 * - the submit button `[data-award]`; what stands in it first returns when there is no preview.
 *
 * The preview address is asked by GET with the amount and every named field marked
 * `data-preview-field`. It answers JSON: `{"figure": "+12 points", "why": "1 per 1.00, rounded
 * down", "button": "Award 12 points", "error": ""}`. Without JavaScript the form simply posts.
 */

import { amountProblem, normaliseAmount, withPadKey } from './amount-text.js';

const PAUSE_MS = 150;
const LONG_AMOUNT = 9;

class AmountForm {
  /**
   * @param {HTMLFormElement} form
   * @param {HTMLInputElement} field
   */
  constructor(form, field) {
    this.form = form;
    this.field = field;
    this.limits = {
      decimals: Number(field.dataset['decimals'] ?? 2),
      digits: Number(field.dataset['digits'] ?? 9),
    };
    this.button = /** @type {HTMLButtonElement | null} */ (form.querySelector('[data-award]'));
    this.buttonText = this.button?.textContent ?? '';
    this.asked = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  wire() {
    this.field.addEventListener('input', () => this.changed());
    this.field.addEventListener('beforeinput', (event) => this.#guard(event));
    this.form.addEventListener('click', (event) => this.#press(event));
    for (const other of this.form.querySelectorAll('[data-preview-field]')) {
      other.addEventListener('change', () => this.changed());
    }
    this.changed();
  }

  /**
   * Refuse what cannot become an amount before it is in the field, and say so.
   *
   * @param {InputEvent} event
   */
  #guard(event) {
    const added = event.data ?? event.dataTransfer?.getData('text/plain');
    if (event.isComposing || added === null || added === undefined) {
      return;
    }
    const start = this.field.selectionStart ?? this.field.value.length;
    const end = this.field.selectionEnd ?? start;
    const next = normaliseAmount(this.field.value.slice(0, start) + added + this.field.value.slice(end));
    const problem = next === '.' && this.limits.decimals > 0 ? '' : amountProblem(next, this.limits);
    if (problem) {
      event.preventDefault();
      this.#tell(problem);
    }
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const key = event.target instanceof Element ? event.target.closest('[data-key]') : null;
    if (!key) {
      return;
    }
    const amount = normaliseAmount(this.field.value);
    const next = withPadKey(amount, key.getAttribute('data-key') ?? '', this.limits);
    this.field.value = next;
    this.field.dispatchEvent(new Event('input', { bubbles: true }));
  }

  changed() {
    const amount = normaliseAmount(this.field.value);
    if (amount !== this.field.value) {
      const caret = this.field.selectionStart;
      this.field.value = amount;
      this.field.setSelectionRange(caret, caret);
    }
    this.field.classList.toggle('is-long', amount.length >= LONG_AMOUNT);
    const problem = amount === '.' ? '' : amountProblem(amount, this.limits);
    this.#tell(problem);
    this.#plan(problem === '' && /\d/.test(amount));
  }

  /** @param {'' | 'junk' | 'decimals' | 'long'} problem */
  #tell(problem) {
    const error = this.form.querySelector('[data-amount-error]');
    if (error instanceof HTMLElement) {
      const key = `text${problem.charAt(0).toUpperCase()}${problem.slice(1)}`;
      error.textContent = problem ? (error.dataset[key] ?? '') : '';
      error.hidden = problem === '';
    }
    this.field.setAttribute('aria-invalid', String(problem !== ''));
  }

  /** @param {boolean} isAskable */
  #plan(isAskable) {
    clearTimeout(this.timer);
    this.asked.abort();
    this.asked = new AbortController();
    if (isAskable && this.form.dataset['previewUrl']) {
      this.timer = setTimeout(() => void this.#ask(this.asked.signal), PAUSE_MS);
    } else {
      this.#show(null);
    }
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const url = new URL(this.form.dataset['previewUrl'] ?? '', location.href);
    url.searchParams.set(this.field.name, this.field.value);
    for (const [name, value] of this.#otherFields()) {
      url.searchParams.set(name, value);
    }
    try {
      const response = await fetch(url, { signal, headers: { Accept: 'application/json' } });
      this.#show(response.ok ? await response.json() : null);
    } catch {
      if (!signal.aborted) {
        this.#show(null); // The server books without a preview as well.
      }
    }
  }

  /** @returns {[string, string][]} */
  #otherFields() {
    const marked = new Set(
      Array.from(this.form.querySelectorAll('[data-preview-field]'), (f) => f.getAttribute('name')),
    );
    /** @type {[string, string][]} */
    const pairs = [];
    new FormData(this.form).forEach((value, name) => {
      if (marked.has(name) && typeof value === 'string') {
        pairs.push([name, value]);
      }
    });
    return pairs;
  }

  /** @param {Preview | null} preview */
  #show(preview) {
    this.#write('[data-preview-figure]', preview?.figure ?? '');
    this.#write('[data-preview-why]', preview?.error || preview?.why || '');
    this.form.querySelector('[data-preview]')?.classList.toggle('is-bad', Boolean(preview?.error));
    if (this.button) {
      this.button.textContent = preview?.button || this.buttonText;
    }
  }

  /**
   * @param {string} selector
   * @param {string} text
   */
  #write(selector, text) {
    const element = this.form.querySelector(selector);
    if (element) {
      element.textContent = text;
    }
  }
}

for (const form of document.querySelectorAll('form[data-amount-form]')) {
  const field = form.querySelector('input[data-amount]');
  if (form instanceof HTMLFormElement && field instanceof HTMLInputElement) {
    new AmountForm(form, field).wire();
  }
}
