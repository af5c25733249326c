/**
 * ASCII in registers, two characters each, padded with NUL (SunSpec Device Information Model §3.1,
 * `string`); trailing blanks are padding too. All NUL is "not implemented".
 */
export function parseText(bytes: Uint8Array, offset: number, length: number): string | undefined {
  let text = '';
  for (let i = offset; i < offset + length && bytes[i] !== 0; i++) text += printable(bytes[i] as number);
  const trimmed = text.trimEnd();
  return trimmed === '' ? undefined : trimmed;
}

/** Writes `text` cut to `length` bytes; a character that is not printable ASCII becomes `?`. */
export function encodeText(bytes: Uint8Array, offset: number, length: number, text: string | undefined): void {
  bytes.fill(0, offset, offset + length);
  for (let i = 0; i < Math.min(length, text?.length ?? 0); i++) {
    bytes[offset + i] = printable((text as string).charCodeAt(i)).charCodeAt(0);
  }
}

function printable(code: number): string {
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '?';
}
