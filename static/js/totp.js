/**
 * The six digits a member's code carries: RFC 6238 with SHA-1 and steps of 30 seconds.
 */

export const STEP_SECONDS = 30;

/** Smaller differences between two clocks are the network's, not the clock's. */
const CLOCK_TOLERANCE_MS = 2000;

/**
 * Return the bytes a hexadecimal text stands for.
 *
 * @param {string} hex
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function bytesFromHex(hex) {
  if (hex.length === 0 || hex.length % 2 !== 0 || /[^0-9a-f]/i.test(hex)) {
    throw new RangeError('not a hexadecimal key');
  }
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/**
 * Return the number of whole steps since 1970.
 *
 * @param {number} nowMs the server's time
 * @returns {number}
 */
export function stepAt(nowMs) {
  return Math.floor(nowMs / 1000 / STEP_SECONDS);
}

/**
 * Return how many seconds the present code still stands, 30 down to 1.
 *
 * @param {number} nowMs the server's time
 * @returns {number}
 */
export function secondsLeft(nowMs) {
  return STEP_SECONDS - (Math.floor(nowMs / 1000) % STEP_SECONDS);
}

/**
 * Return what to add to this device's clock to get the server's.
 *
 * @param {number} serverMs what the server's clock said
 * @param {number} deviceMs what this device's clock said at that moment
 * @returns {number} milliseconds; 0 where the two agree well enough
 */
export function clockOffset(serverMs, deviceMs) {
  const difference = serverMs - deviceMs;
  return Number.isFinite(difference) && Math.abs(difference) > CLOCK_TOLERANCE_MS ? difference : 0;
}

/**
 * Return the key in the form the browser signs with.
 *
 * @param {string} hex
 * @returns {Promise<CryptoKey>}
 */
export function importKey(hex) {
  const algorithm = { name: 'HMAC', hash: 'SHA-1' };
  return crypto.subtle.importKey('raw', bytesFromHex(hex), algorithm, false, ['sign']);
}

/**
 * Return the six digits for a step.
 *
 * @param {CryptoKey} key
 * @param {number} step
 * @returns {Promise<string>}
 */
export async function totp(key, step) {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setUint32(0, Math.floor(step / 2 ** 32));
  counter.setUint32(4, step % 2 ** 32);
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter.buffer));
  const offset = mac.getUint8(mac.byteLength - 1) & 0x0f;
  const number = (mac.getUint32(offset) & 0x7fffffff) % 1_000_000;
  return String(number).padStart(6, '0');
}
