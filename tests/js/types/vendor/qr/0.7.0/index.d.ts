/** The part of the encoder that is used. */
declare function encodeQR(
  text: string,
  output: 'raw',
  options: { ecc: 'medium' | 'quartile'; encoding: 'alphanumeric' | 'byte'; border: number },
): boolean[][];
export default encodeQR;
