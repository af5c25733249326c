/** Exception codes of the Modbus Application Protocol 1.1b3, §7, that this server answers with. */
export const ILLEGAL_FUNCTION = 1;
export const ILLEGAL_DATA_ADDRESS = 2;
export const ILLEGAL_DATA_VALUE = 3;
export const SERVER_DEVICE_FAILURE = 4;
/** 0x0B: there is no such unit behind this gateway, or it does not answer. */
export const TARGET_FAILED_TO_RESPOND = 11;

/** Writes an exception response PDU and gives its length, always 2. */
export function putException(out: Buffer, at: number, functionCode: number, exception: number): number {
  out[at] = functionCode | 0x80;
  out[at + 1] = exception;
  return 2;
}
