/** The part of the decoder that is used. It throws when a picture holds no code. */
declare function decodeQR(
  image: { width: number; height: number; data: Uint8ClampedArray },
  options?: { timeLimit?: number; effort?: number },
): string;
export default decodeQR;
