/**
 * The frame of Modbus TCP, the MBAP header (Messaging on TCP/IP Implementation Guide 1.0b, §3.1.3):
 * transaction id, protocol id 0, length of what follows, unit id; then the PDU. All big-endian.
 */

/** Transaction id, protocol id and length. */
const PREFIX_BYTES = 6;
/** The prefix and the unit id. */
export const HEADER_BYTES = 7;
/** Modbus Application Protocol 1.1b3, §4.1: a PDU is a function code and at most 252 bytes of data. */
export const MAX_PDU_BYTES = 253;
export const MAX_FRAME_BYTES = HEADER_BYTES + MAX_PDU_BYTES;

/** {@link frameLength} of bytes that cannot become a frame. */
export const NOT_A_FRAME = -1;
/** {@link frameLength} of a frame that has not arrived whole. */
export const INCOMPLETE = 0;

/**
 * The bytes of the frame that begins at `at`, header included, or INCOMPLETE, or NOT_A_FRAME: another
 * protocol than 0, no function code (length 0 or 1), or more than a PDU may have (length over 254). There
 * is no way to find the next frame behind such bytes.
 */
export function frameLength(buffer: Buffer, at: number, end: number): number {
  if (end - at < PREFIX_BYTES) return INCOMPLETE;
  const length = uint16(buffer, at + 4);
  if (uint16(buffer, at + 2) !== 0 || length < 2 || length > 1 + MAX_PDU_BYTES) return NOT_A_FRAME;
  return end - at < PREFIX_BYTES + length ? INCOMPLETE : PREFIX_BYTES + length;
}

/** Writes the header of a frame with a PDU of `pduBytes`; the inverse of {@link frameLength} and the two readers below. */
export function writeHeader(buffer: Buffer, at: number, transactionId: number, unitId: number, pduBytes: number): void {
  putUint16(buffer, at, transactionId);
  putUint16(buffer, at + 2, 0);
  putUint16(buffer, at + 4, 1 + pduBytes);
  buffer[at + 6] = unitId;
}

export function transactionIdOf(buffer: Buffer, at: number): number {
  return uint16(buffer, at);
}

export function unitIdOf(buffer: Buffer, at: number): number {
  return buffer[at + 6] as number;
}

/** Big-endian; the caller has checked the length. Plain indexing is what a server of 50,000 requests a second can pay. */
export function uint16(buffer: Buffer, at: number): number {
  return ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
}

export function putUint16(buffer: Buffer, at: number, value: number): void {
  buffer[at] = (value >> 8) & 0xff;
  buffer[at + 1] = value & 0xff;
}
