/**
 * The service worker of the wallet, served at `/sw.js` with the scope `/`.
 *
 * The view puts three lines before this file:
 *
 *     const VERSION = '…';       a hash over ASSETS and the shell: a new one replaces the cache
 *     const ASSETS = ['…', …];   the paths of the hashed static files the shell needs
 *     const SHELL = '/wallet/offline/';
 *
 * It keeps the empty shell and those files, nothing else: no page of a person, no answer to a
 * POST. A page of the wallet that cannot be fetched is answered with the shell.
 */

const CACHE = `loyalty-${VERSION}`;
const WALLET = /^\/wallet(\/|$)/;
const worker = /** @type {WorkerScope} */ (/** @type {unknown} */ (self));

async function fillCache() {
  const cache = await caches.open(CACHE);
  if (await cache.match(SHELL)) {
    return;
  }
  await cache.addAll(ASSETS);
  // Without cookies, so that not even a greeting can slip into the shell.
  const shell = await fetch(SHELL, { credentials: 'omit', cache: 'reload' });
  if (!shell.ok || shell.redirected) {
    throw new Error(`the shell answered ${shell.status}`);
  }
  await cache.put(SHELL, shell);
}

async function dropOldCaches() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith('loyalty-') && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/**
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function pageOrShell(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const shell = await caches.match(SHELL, { cacheName: CACHE });
    if (shell) {
      return shell;
    }
    throw error;
  }
}

/**
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function keptOrFetched(request) {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}

worker.addEventListener('install', (event) => {
  event.waitUntil(fillCache().then(() => worker.skipWaiting()));
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(dropOldCaches().then(() => worker.clients.claim()));
});

worker.addEventListener('message', (event) => {
  if (event.data?.type === 'fill') {
    event.waitUntil(fillCache());
  }
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin) {
    return;
  }
  if (ASSETS.includes(url.pathname)) {
    event.respondWith(keptOrFetched(request));
  } else if (request.mode === 'navigate' && WALLET.test(url.pathname)) {
    event.respondWith(pageOrShell(request));
  }
});
