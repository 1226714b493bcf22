/**
 * The page a phone shows with the network off: the cards it kept, each with a working code.
 *
 * The cached page is empty of people. It holds `[data-kept]` (hidden until a card is there) with
 * `[data-field="cardName|firstName|balance|code|host|asOf"]` (`asOf` with
 * `data-text="as of {time}"`), `<svg data-qr>`, `[data-code-countdown]`, an element
 * `[data-brand]` that receives `--brand` and `--brand-ink`, `<select data-cards hidden>` inside its
 * label for more than one card; and `[data-none-kept]`, hidden, for a phone that kept nothing.
 */

import { grouped } from '../codes.js';
import { fill } from '../words.js';
import { keptCards } from './offline.js';
import { keepScreenOn, showRotatingCode } from './rotating-code.js';

/** @type {() => void} */
let stopCode = () => undefined;

/**
 * @param {KeptCard} card
 * @param {HTMLElement} field
 * @returns {string}
 */
function textFor(card, field) {
  switch (field.dataset['field']) {
    case 'cardName':
      return card.cardName;
    case 'firstName':
      return card.firstName;
    case 'balance':
      return card.balance;
    case 'code':
      return grouped(card.code);
    case 'host':
      return new URL(card.site).host;
    case 'asOf': {
      const language = document.documentElement.lang || undefined;
      const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
      return fill(field.dataset['text'], { time: format.format(card.asOfMs) });
    }
    default:
      return '';
  }
}

/**
 * @param {KeptCard} card
 */
async function show(card) {
  stopCode();
  for (const field of document.querySelectorAll('[data-field]')) {
    if (field instanceof HTMLElement) {
      field.textContent = textFor(card, field);
    }
  }
  const branded = document.querySelector('[data-brand]');
  if (branded instanceof HTMLElement) {
    branded.style.setProperty('--brand', card.brand);
    branded.style.setProperty('--brand-ink', card.onBrand);
  }
  stopCode = card.key ? await showRotatingCode(document, { ...card, offset: () => card.offset }) : stopCode;
}

/**
 * @param {KeptCard[]} cards
 */
function offerChoice(cards) {
  const select = document.querySelector('select[data-cards]');
  if (!(select instanceof HTMLSelectElement) || cards.length < 2) {
    return;
  }
  select.replaceChildren(...cards.map((card) => new Option(card.cardName, card.code)));
  select.hidden = false;
  select.closest('label')?.removeAttribute('hidden');
  select.addEventListener('change', () => {
    const card = cards.find((kept) => kept.code === select.value);
    if (card) {
      void show(card);
    }
  });
}

async function start() {
  const cards = await keptCards().catch(() => []);
  const [first] = cards;
  document.querySelector('[data-none-kept]')?.toggleAttribute('hidden', Boolean(first));
  document.querySelector('[data-kept]')?.toggleAttribute('hidden', !first);
  if (first) {
    offerChoice(cards);
    keepScreenOn();
    await show(cards.find((card) => location.pathname.includes(card.code)) ?? first);
  }
}

// The address still names the page that was wanted; with the network back it can be had.
window.addEventListener('online', () => location.reload());
void start();
