/** The part of the encoder that is used. */
declare function encodeQR(
  text: string,
  output: 'raw',
  options: { ecc: 'quartile'; encoding: 'alphanumeric' | 'byte'; border: number },
): boolean[][];
export default encodeQR;
