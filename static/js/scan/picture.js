/**
 * A code in a picture someone chose or took: the same decoder, with more patience.
 *
 * The file field carries `data-picture`; `[data-picture-result]` holds the sentences
 * `data-text-reading`, `data-text-none` and `data-text-unreadable`.
 */

import { parseScan } from '../codes.js';
import { pictureOf } from './decoder.js';
import { emitScan } from './event.js';

const LONGEST_SIDE = 1920;

/**
 * Return the size at which a picture is read: as it is, up to 1920 pixels on its longer side.
 *
 * @param {number} width
 * @param {number} height
 * @returns {{ width: number, height: number }}
 */
export function readingSize(width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height, 1));
  return { width: Math.round(width * scale) || 1, height: Math.round(height * scale) || 1 };
}

/**
 * Return the text of a code in a picture, or ''.
 *
 * @param {Blob} file
 * @param {DecoderLike} decoder
 * @returns {Promise<string>}
 */
async function readPicture(file, decoder) {
  const whole = await createImageBitmap(file);
  const { width, height } = readingSize(whole.width, whole.height);
  try {
    const found = await decoder.read(await pictureOf(whole, width, height), { isStill: true });
    return found.text;
  } finally {
    whole.close();
  }
}

/**
 * @param {HTMLInputElement} field
 * @param {HTMLElement} result
 * @param {DecoderLike} decoder
 * @param {readonly string[]} hosts
 */
export function wirePicture(field, result, decoder, hosts) {
  field.addEventListener('change', async () => {
    const [file] = field.files ?? [];
    if (!file) {
      return;
    }
    result.hidden = false;
    result.textContent = result.dataset['textReading'] ?? '';
    try {
      const text = await readPicture(file, decoder);
      result.textContent = text ? '' : (result.dataset['textNone'] ?? '');
      if (text) {
        emitScan('picture', parseScan(text, hosts));
      }
    } catch {
      result.textContent = result.dataset['textUnreadable'] ?? '';
    }
    result.hidden = result.textContent === '';
    field.value = ''; // The same picture may be chosen again.
  });
}
