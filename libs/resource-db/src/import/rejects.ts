import { writeFileAtomically } from '@venfleet/core/node';
import type { RefusedRow } from './site.js';

/** Each reason for refusing a row, as `FILE:LINE: FIELD: reason`. */
export function describeRefused({ place, mistakes }: RefusedRow): string[] {
  return mistakes.map(({ field, reason }) => `${place.file}:${place.line}: ${field}: ${reason}`);
}

/**
 * Writes the refused rows as CSV: file, line, field, reason, and the row itself (as one CSV line);
 * a row with several mistakes has a line for each.
 * @throws VenfleetError FILE_UNWRITABLE
 */
export function writeRejects(path: string, refused: readonly RefusedRow[]): void {
  const lines = refused.flatMap(({ place, mistakes }) =>
    mistakes.map(({ field, reason }) => [place.file, String(place.line), field, reason, toCsv(place.fields)]),
  );
  const table = [['file', 'line', 'field', 'reason', 'row'], ...lines];
  writeFileAtomically(path, table.map((line) => `${toCsv(line)}\n`).join(''));
}

/** One line, without its end. */
export function toCsv(fields: readonly string[]): string {
  return fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}
