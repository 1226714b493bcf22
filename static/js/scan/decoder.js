/**
 * The page's end of the decoder worker: one question at a time, one answer each.
 */

/** A worker that does not answer is as good as none. */
const START_LIMIT_MS = 20_000;

export class Decoder {
  /**
   * Start the worker; do so when the page loads, long before the camera opens.
   *
   * @param {{ workerUrl: string, wasmUrl: string }} addresses as the template wrote them
   */
  constructor({ workerUrl, wasmUrl }) {
    /** @type {Map<number, { resolve: (found: Decoded) => void, reject: (error: Error) => void }>} */
    this.waiting = new Map();
    this.asked = 0;
    this.isBusy = false;
    this.worker = new Worker(workerUrl, { type: 'module' });
    /** Resolves with what the worker can do; rejects when it could not be loaded. */
    this.ready = this.#start(wasmUrl);
    // Whoever needs the outcome awaits it; until then a refusal is not an unhandled one.
    this.ready.catch(() => undefined);
  }

  /**
   * @param {string} wasmUrl
   * @returns {Promise<DecoderReady>}
   */
  #start(wasmUrl) {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('decoder did not start')), START_LIMIT_MS);
      this.worker.onerror = () => {
        clearTimeout(limit);
        const error = new Error('decoder failed');
        reject(error);
        this.#failAll(error);
      };
      this.worker.onmessage = ({ data }) => {
        if (data.type === 'ready') {
          clearTimeout(limit);
          resolve(data);
        } else {
          this.#answer(data);
        }
      };
      this.worker.postMessage({ type: 'start', wasmUrl });
    });
  }

  /** @param {Decoded} found */
  #answer(found) {
    const asker = this.waiting.get(found.id);
    this.waiting.delete(found.id);
    this.isBusy = this.waiting.size > 0;
    asker?.resolve(found);
  }

  /** @param {Error} error */
  #failAll(error) {
    this.waiting.forEach((asker) => asker.reject(error));
    this.waiting.clear();
    this.isBusy = false;
  }

  /**
   * Read one picture; the picture itself moves to the worker and is gone here.
   *
   * @param {ImageBitmap | ImageData} picture
   * @param {{ isStill?: boolean }} [how] a still picture deserves more patience than a frame
   * @returns {Promise<Decoded>}
   */
  read(picture, { isStill = false } = {}) {
    this.asked += 1;
    const id = this.asked;
    this.isBusy = true;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      const moved = picture instanceof ImageBitmap ? picture : picture.data.buffer;
      this.worker.postMessage({ type: 'read', id, picture, isStill }, [moved]);
    });
  }

  /** End the worker. */
  stop() {
    this.worker.terminate();
    this.#failAll(new Error('decoder stopped'));
  }
}

/**
 * Return a picture the worker can take: moved where the browser allows it, else copied out here.
 *
 * @param {HTMLVideoElement | ImageBitmap} source
 * @param {number} width
 * @param {number} height
 * @returns {Promise<ImageBitmap | ImageData>}
 */
export async function pictureOf(source, width, height) {
  if (typeof OffscreenCanvas === 'function') {
    const own = source instanceof HTMLVideoElement ? source.videoWidth : source.width;
    const resize = { resizeWidth: width, resizeHeight: height };
    return own === width
      ? createImageBitmap(source)
      : createImageBitmap(source, { ...resize, resizeQuality: 'medium' });
  }
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) {
    throw new Error('no canvas');
  }
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}
