/**
 * One event for every code, whatever read it: camera, picture, typing, hardware scanner.
 */

export const SCAN = 'scan';

/**
 * Tell the page about a code.
 *
 * @param {ScanDetail['source']} source
 * @param {Scanned} scanned
 * @returns {boolean} whether someone took it
 */
export function emitScan(source, scanned) {
  /** @type {ScanDetail} */
  const detail = { source, scanned };
  return !document.dispatchEvent(new CustomEvent(SCAN, { detail, cancelable: true }));
}

/**
 * Listen for codes.
 *
 * @param {(detail: ScanDetail) => void} take
 */
export function onScan(take) {
  document.addEventListener(SCAN, (event) => {
    event.preventDefault();
    take(/** @type {CustomEvent<ScanDetail>} */ (event).detail);
  });
}

/**
 * Open the page a code leads to: a path of this site, put together from the code alone.
 *
 * @param {Scanned} scanned
 */
export function openScanned(scanned) {
  if (/^\/[CR]\/[0-9A-Z/]+$/.test(scanned.path)) {
    location.assign(scanned.path);
  }
}

/**
 * Return our hosts: the one in the address bar and those the server names.
 *
 * @param {string | undefined} named separated by spaces
 * @returns {string[]}
 */
export function ownHosts(named) {
  return [location.host, ...(named ?? '').split(/\s+/)].filter(Boolean);
}
