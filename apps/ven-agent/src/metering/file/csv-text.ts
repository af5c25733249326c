import { VenfleetError } from '@venfleet/core';
import type { CsvError, InfoRecord } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { type CsvRecord, rowOf } from './csv-row.js';
import type { FileRow } from './rows.js';

const [NEWLINE, QUOTE] = [0x0a, 0x22];

/** CSV that comes in pieces, cut anywhere. */
export class CsvText {
  readonly #file: string;
  #columns: string[] | undefined;
  /** What has come since the last line that is ended. */
  #rest: Buffer = Buffer.alloc(0);
  #lines = 0;
  #latest = Number.NEGATIVE_INFINITY;
  #mistake: VenfleetError | undefined;

  /** @param file for what is said of mistakes */
  constructor(file: string) {
    this.#file = file;
  }

  /** The first mistake in it; what comes after it is not looked at. */
  get mistake(): VenfleetError | undefined {
    return this.#mistake;
  }

  /** Takes a piece. @returns the rows whose lines are ended now, up to a mistake */
  add(piece: Buffer): FileRow[] {
    const bytes = Buffer.concat([this.#rest, piece]);
    const end = endOfLines(bytes);
    this.#rest = bytes.subarray(end);
    return this.#parse(bytes.subarray(0, end));
  }

  /** Nothing more will come. @returns the row of a last line that is not ended, if there is one */
  end(): FileRow[] {
    const last = this.#rest;
    this.#rest = Buffer.alloc(0);
    return this.#parse(last);
  }

  #parse(text: Buffer): FileRow[] {
    const rows: FileRow[] = [];
    if (this.#mistake !== undefined || text.length === 0) return rows;
    try {
      parse(text, {
        bom: true,
        columns: this.#columns ?? ((header: string[]) => this.#keepColumns(header)),
        skip_empty_lines: true,
        on_record: (record: CsvRecord, { lines }: InfoRecord) => {
          rows.push(this.#row(record, this.#lines + lines));
          return null;
        },
      });
    } catch (error) {
      const { lines = 1, message } = error as Partial<CsvError & { lines: number }> & Error;
      this.#mistake = error instanceof VenfleetError ? error : this.#invalid(this.#lines + lines, message);
    }
    for (const byte of text) if (byte === NEWLINE) this.#lines++;
    return rows;
  }

  #keepColumns(header: string[]): string[] {
    this.#columns = header;
    return header;
  }

  #row(record: CsvRecord, line: number): FileRow {
    const row = rowOf(record, (reason) => this.#invalid(line, reason));
    if (row.at < this.#latest) throw this.#invalid(line, 'timestamp: is earlier than the one before');
    this.#latest = row.at;
    return row;
  }

  #invalid(line: number, reason: string): VenfleetError {
    return new VenfleetError('METER_FILE_INVALID', `${this.#file}:${line}: ${reason}`, {
      context: { file: this.#file, line },
      hint: 'docs/metering.md describes the format',
    });
  }
}

/** The length of the lines that are ended: a newline within quotes ends none (RFC 4180, 2.6). */
function endOfLines(bytes: Buffer): number {
  let end = 0;
  let isQuoted = false;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === QUOTE) isQuoted = !isQuoted;
    else if (bytes[i] === NEWLINE && !isQuoted) end = i + 1;
  }
  return end;
}
