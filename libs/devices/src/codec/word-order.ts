/**
 * In which order a device sends the bytes of a value of several registers. Modbus fixes the order inside
 * one register only (big-endian, Modbus Application Protocol 1.1b3 §4.2); A is the most significant byte.
 * Values of four registers follow the same two rules: CDAB turns the order of the words round, BADC the
 * bytes inside each word, DCBA both.
 */
export const WORD_ORDERS = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const;
export type WordOrder = (typeof WORD_ORDERS)[number];

/**
 * Copies `length` (even) bytes and puts them from `order` into ABCD, or the other way round: each order
 * is its own inverse.
 */
export function reorder(
  from: Uint8Array,
  fromOffset: number,
  to: Uint8Array,
  toOffset: number,
  length: number,
  order: WordOrder,
): void {
  const wordsTurned = order === 'CDAB' || order === 'DCBA';
  const bytesTurned = order === 'BADC' || order === 'DCBA';
  for (let i = 0; i < length; i += 2) {
    const source = fromOffset + (wordsTurned ? length - 2 - i : i);
    to[toOffset + i] = from[source + (bytesTurned ? 1 : 0)] as number;
    to[toOffset + i + 1] = from[source + (bytesTurned ? 0 : 1)] as number;
  }
}
