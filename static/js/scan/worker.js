/**
 * The decoder worker: two engines, one after the other, away from the page.
 *
 * Messages in: `{type: 'start', wasmUrl}` once, then `{type: 'read', id, picture, isStill}`.
 * Messages out: `{type: 'ready', wasm: 'ok' | 'blocked' | 'lost', startMs}`, then
 * `{id, text, engine, luma, ms}` with an empty text where there was no code. A module worker,
 * so its engines are its imports; the address of the wasm file comes by message, because static
 * files carry a hash in their name.
 */

import decodeQR from '../../vendor/qr/0.7.0/decode.js';
import { prepareZXingModule, readBarcodes } from '../../vendor/zxing-wasm/3.1.4/reader/index.js';

/** Every 64th pixel is enough to know whether a thumb covers the lens. */
const LUMA_STRIDE = 64;
const FRAME_LIMIT_MS = 20;
const STILL_LIMIT_MS = 1500;

const scope = /** @type {DecoderScope} */ (/** @type {unknown} */ (self));

/** @type {'ok' | 'blocked' | 'lost'} */
let wasm = 'lost';
/** @type {OffscreenCanvas | null} */
let canvas = null;

/**
 * Fetch and compile the wasm file; its own folder is never asked for anything.
 *
 * @param {string} wasmUrl
 * @returns {Promise<'ok' | 'blocked' | 'lost'>}
 */
async function startWasm(wasmUrl) {
  const response = await fetch(wasmUrl).catch(() => null);
  if (!response?.ok) {
    return 'lost';
  }
  try {
    const module = await compile(response);
    const prepared = prepareZXingModule({
      fireImmediately: true,
      overrides: {
        locateFile: () => wasmUrl,
        instantiateWasm: (imports, receive) => {
          void WebAssembly.instantiate(module, imports).then((one) => receive(one, module));
          return {};
        },
      },
    });
    await prepared;
    return 'ok';
  } catch {
    return 'blocked';
  }
}

/**
 * @param {Response} response
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(response) {
  // Compiling while it streams also lets the browser keep the compiled code for the next visit.
  if (response.headers.get('Content-Type')?.startsWith('application/wasm')) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}

/**
 * @param {ImageBitmap | ImageData} picture
 * @returns {ImageData}
 */
function pixelsOf(picture) {
  if (picture instanceof ImageData) {
    return picture;
  }
  const { width, height } = picture;
  if (!canvas || canvas.width !== width || canvas.height !== height) {
    canvas = new OffscreenCanvas(width, height);
  }
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) {
    throw new Error('no canvas');
  }
  context.drawImage(picture, 0, 0);
  picture.close();
  return context.getImageData(0, 0, width, height);
}

/**
 * Return the mean brightness, 0 to 255, from a sample of the pixels.
 *
 * @param {Uint8ClampedArray} data
 * @returns {number}
 */
function lumaOf(data) {
  let sum = 0;
  let count = 0;
  for (let index = 0; index + 2 < data.length; index += 4 * LUMA_STRIDE) {
    sum += 0.299 * (data[index] ?? 0) + 0.587 * (data[index + 1] ?? 0) + 0.114 * (data[index + 2] ?? 0);
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

/**
 * @param {ImageData} pixels
 * @returns {Promise<string>}
 */
async function readWithZxing(pixels) {
  const results = await readBarcodes(pixels, {
    formats: ['QRCode'],
    tryHarder: true,
    tryRotate: true,
    tryInvert: true,
    tryDownscale: true,
    tryDenoise: true,
    binarizer: 'LocalAverage',
    maxNumberOfSymbols: 1,
    textMode: 'Plain',
  });
  return results.find((result) => result.isValid)?.text ?? '';
}

/**
 * @param {ImageData} pixels
 * @param {boolean} isStill
 * @returns {string}
 */
function readWithQr(pixels, isStill) {
  try {
    return decodeQR(pixels, { timeLimit: isStill ? STILL_LIMIT_MS : FRAME_LIMIT_MS });
  } catch {
    return ''; // Its way of saying that there is no code.
  }
}

/**
 * @param {{ id: number, picture: ImageBitmap | ImageData, isStill: boolean }} question
 * @returns {Promise<Decoded>}
 */
async function read({ id, picture, isStill }) {
  const start = performance.now();
  const pixels = pixelsOf(picture);
  const luma = lumaOf(pixels.data);
  let engine = 'zxing';
  let text = wasm === 'ok' ? await readWithZxing(pixels).catch(() => '') : '';
  if (!text) {
    engine = 'qr';
    text = readWithQr(pixels, isStill);
  }
  return { id, text, engine: text ? engine : '', luma, ms: performance.now() - start };
}

scope.onmessage = async (/** @type {{ data: DecoderQuestion }} */ { data }) => {
  if (data.type === 'start') {
    const start = performance.now();
    wasm = await startWasm(data.wasmUrl);
    scope.postMessage({ type: 'ready', wasm, startMs: performance.now() - start });
  } else {
    scope.postMessage(await read(data));
  }
};
