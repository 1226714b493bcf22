/**
 * What a phone keeps for a dead network, and how it forgets it.
 *
 * One IndexedDB, `loyalty-wallet`, with one row per card. Cached pages are empty of people; a
 * name, a key and a balance live here alone and leave with the sign-out.
 *
 * A form with `data-sign-out` wipes all of it before it is sent: import this module on every page
 * that holds one.
 */

const DATABASE = 'loyalty-wallet';
const STORE = 'cards';
const CACHES = 'loyalty-';

/** A wipe must not keep anyone from signing out. */
const WIPE_LIMIT_MS = 1500;

/** From the wipe on, nothing is kept any more on this page. */
let isWiped = false;

/**
 * @returns {Promise<IDBDatabase>}
 */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'code' });
    request.onsuccess = () => {
      // Another tab may want to delete the database; it must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} ask
 * @returns {Promise<T>}
 */
async function within(mode, ask) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/**
 * Keep a card for a dead network. Cards of another person are wiped first.
 *
 * @param {CardData} card
 * @param {{ offset: number, balance: string }} now
 */
export async function remember(card, now) {
  if (isWiped) {
    return;
  }
  const kept = await keptCards();
  if (kept.some((other) => other.owner !== card.owner)) {
    await within('readwrite', (store) => store.clear());
  }
  /** @type {KeptCard} */
  const row = { ...card, ...now, asOfMs: Date.now() + now.offset };
  await within('readwrite', (store) => store.put(row));
}

/**
 * Return the cards this phone keeps, the one seen last first.
 *
 * @returns {Promise<KeptCard[]>}
 */
export async function keptCards() {
  /** @type {KeptCard[]} */
  const cards = await within('readonly', (store) => store.getAll());
  return cards.sort((one, other) => other.asOfMs - one.asOfMs);
}

/** Forget every card and every cached file. */
export async function wipe() {
  isWiped = true;
  await Promise.all([
    new Promise((resolve) => {
      const request = indexedDB.deleteDatabase(DATABASE);
      request.onsuccess = request.onerror = request.onblocked = resolve;
    }),
    wipeCaches(),
  ]);
}

async function wipeCaches() {
  if (!('caches' in globalThis)) {
    return;
  }
  const names = await caches.keys();
  await Promise.all(names.filter((n) => n.startsWith(CACHES)).map((name) => caches.delete(name)));
}

/**
 * Register the service worker and see that its files are there.
 *
 * @param {string} url the address of the worker; '' leaves everything as it is
 */
export async function prepareOffline(url) {
  if (!url || !('serviceWorker' in navigator)) {
    return;
  }
  try {
    await navigator.serviceWorker.register(url, { scope: '/' });
    const { active } = await navigator.serviceWorker.ready;
    // After a sign-out the worker is still there, and its cache is not.
    active?.postMessage({ type: 'fill' });
  } catch {
    // A private window may refuse workers; the card then needs the network, as before.
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
async function wipeThenSend(form, submitter) {
  const limit = new Promise((resolve) => setTimeout(resolve, WIPE_LIMIT_MS));
  await Promise.race([wipe().catch(() => undefined), limit]);
  if (submitter?.getAttribute('name')) {
    const field = document.createElement('input');
    field.type = 'hidden';
    field.name = submitter.getAttribute('name') ?? '';
    field.value = submitter.getAttribute('value') ?? '';
    form.append(field);
  }
  form.submit();
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form instanceof HTMLFormElement && 'signOut' in form.dataset) {
    event.preventDefault();
    void wipeThenSend(form, event.submitter);
  }
});
