/**
 * The loop from the picture on the screen to the decoder: always the newest frame, one at a time.
 */

import { pictureOf } from './decoder.js';

/** Frames are a camera's; a larger one is read at this size. */
const LONGEST_SIDE = 1920;

/**
 * Read frames until the returned function is called.
 *
 * @param {HTMLVideoElement} video
 * @param {DecoderLike} decoder
 * @param {{ read: (found: Decoded) => void, lost: () => void }} on
 * @returns {() => void}
 */
export function readFrames(video, decoder, on) {
  let isStopped = false;
  let handle = 0;
  const hasCallback = 'requestVideoFrameCallback' in video;

  function plan() {
    if (!isStopped) {
      handle = hasCallback
        ? video.requestVideoFrameCallback(frame)
        : requestAnimationFrame(() => void frame());
    }
  }

  async function frame() {
    // A busy decoder means this frame is dropped, not queued: a queue would read the past.
    if (!decoder.isBusy && video.videoWidth > 0 && !video.paused) {
      // A camera that is being switched has no picture for a moment; the next frame will do.
      const taken = await picture().catch(() => null);
      await (taken && read(taken));
    }
    plan();
  }

  /** @param {ImageBitmap | ImageData} taken */
  async function read(taken) {
    try {
      const found = await decoder.read(taken);
      if (!isStopped) {
        on.read(found);
      }
    } catch {
      if (!isStopped) {
        stop();
        on.lost();
      }
    }
  }

  async function picture() {
    const longest = Math.max(video.videoWidth, video.videoHeight);
    const scale = Math.min(1, LONGEST_SIDE / longest);
    const width = Math.round(video.videoWidth * scale);
    return pictureOf(video, width, Math.round(video.videoHeight * scale));
  }

  function stop() {
    isStopped = true;
    if (hasCallback) {
      video.cancelVideoFrameCallback(handle);
    } else {
      cancelAnimationFrame(handle);
    }
  }

  plan();
  return stop;
}
