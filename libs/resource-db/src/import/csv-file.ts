import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { fileProblem } from '@venfleet/core/node';
import { CsvError, parse } from 'csv-parse/sync';
import type { Mistake } from '../mistakes.js';

const LARGEST_FILE_BYTES = 256 * 1024 * 1024;
const LONGEST_RECORD = 64 * 1024;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const LF = 10;
const CR = 13;

/** Which columns a kind of file has; others are left out. */
export interface CsvKind<C extends string> {
  readonly required: readonly C[];
  readonly optional: readonly C[];
  /** Also takes semicolons between fields, as spreadsheets write them where the comma is the decimal sign. */
  readonly semicolons?: boolean;
}

/** One row, as it stands in the file. */
export interface CsvRecord {
  /** The line that it begins on, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

export interface CsvFile<C extends string> {
  readonly name: string;
  /** Where each known column is. */
  readonly columns: ReadonlyMap<C, number>;
  /** Columns of the file that are left out. */
  readonly unknown: readonly string[];
  /** How many fields a row must have. */
  readonly width: number;
  readonly records: readonly CsvRecord[];
}

/** A file that cannot be taken at all. */
export class CsvMistakes {
  /** Each as `FILE:LINE: reason`. */
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    this.mistakes = mistakes;
  }
}

/** A row's cells by column, trimmed, empty where the file has no such column; or why it is no row of this file. */
export function cellsOf<C extends string>(file: CsvFile<C>, { fields }: CsvRecord): ((column: C) => string) | Mistake {
  if (fields.length !== file.width) {
    const count = `${fields.length} ${fields.length === 1 ? 'field' : 'fields'}`;
    return { field: 'row', reason: `has ${count}, but the header has ${file.width}` };
  }
  return (column) => {
    const index = file.columns.get(column);
    return index === undefined ? '' : (fields[index] as string).trim();
  };
}

/**
 * Reads one CSV file (RFC 4180; UTF-8 with or without byte order mark; CRLF or LF; columns in any
 * order, upper or lower case).
 * @param name what the file is called in mistakes
 */
export function readCsvFile<C extends string>(path: string, name: string, kind: CsvKind<C>): CsvFile<C> | CsvMistakes {
  const refuse = (line: number, reason: string) => new CsvMistakes([`${name}:${line}: ${reason}`]);
  let bytes: Buffer;
  try {
    const stat = statSync(path);
    // Reading from a pipe or a device may never end.
    if (!stat.isFile() && !stat.isDirectory()) return refuse(1, 'cannot be read: it is not a regular file');
    if (stat.size > LARGEST_FILE_BYTES) return refuse(1, `is larger than ${LARGEST_FILE_BYTES / 1024 / 1024} MiB`);
    bytes = readFileSync(path);
  } catch (error) {
    return refuse(1, `cannot be read: ${fileProblem(error)}`);
  }
  const nul = bytes.indexOf(0);
  if (nul >= 0)
    return refuse(1 + countByte(bytes, LF, 0, nul), 'holds a zero byte: it is a binary or UTF-16 file, not UTF-8 text');
  if (!isUtf8(bytes)) return refuse(firstBadLine(bytes), 'holds bytes that are not UTF-8; save the file as UTF-8');
  return parseRecords(name, bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes, kind);
}

function parseRecords<C extends string>(name: string, bytes: Buffer, kind: CsvKind<C>): CsvFile<C> | CsvMistakes {
  const records: CsvRecord[] = [];
  const lines = new LineCounter(bytes);
  try {
    parse(bytes, {
      delimiter: kind.semicolons && hasSemicolons(bytes) ? ';' : ',',
      skip_empty_lines: true,
      // Rows of the wrong length are refused one by one, with their line.
      relax_column_count: true,
      max_record_size: LONGEST_RECORD,
      on_record: (fields: string[], context) => {
        records.push({ line: lines.nextRow(), fields });
        lines.advance(context.bytes);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Where the columns are not separated by commas, quotes seem to be in wrong places, too: the header tells it better.
    const header = records.length === 0 ? undefined : withHeader(name, records, kind);
    if (header instanceof CsvMistakes) return header;
    return new CsvMistakes([`${name}:${lines.nextRow()}: ${csvProblem(error)}`]);
  }
  return withHeader(name, records, kind);
}

/** By the header, whose names hold neither. */
function hasSemicolons(bytes: Buffer): boolean {
  const end = bytes.indexOf(LF);
  const header = bytes.subarray(0, end < 0 ? bytes.length : end);
  return header.includes(';') && !header.includes(',');
}

/**
 * Knows the line that each row begins on; csv-parse's own count takes a CRLF within quotes for two. Lines
 * end with LF or CRLF, or with CR in a file that has no LF at all.
 */
class LineCounter {
  readonly #bytes: Buffer;
  readonly #lineBreak: number;
  #offset = 0;
  #line = 1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#lineBreak = bytes.includes(LF) ? LF : CR;
  }

  /** The line of the next row, empty lines left out. */
  nextRow(): number {
    let end = this.#offset;
    while (this.#bytes[end] === LF || this.#bytes[end] === CR) end++;
    this.advance(end);
    return this.#line;
  }

  /** Goes on to the end of a row. */
  advance(end: number): void {
    this.#line += countByte(this.#bytes, this.#lineBreak, this.#offset, end);
    this.#offset = end;
  }
}

/** csv-parse's error in our terms. */
function csvProblem(error: CsvError): string {
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is opened and never closed';
    case 'CSV_MAX_RECORD_SIZE':
      return `the row is longer than ${LONGEST_RECORD} characters; perhaps a quote is not closed`;
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'text follows a closing quote; a quote within a field must be doubled';
    case 'INVALID_OPENING_QUOTE':
      return 'a quote stands within an unquoted field; quote the whole field and double the quotes in it';
    default:
      return error.message;
  }
}

function withHeader<C extends string>(
  name: string,
  records: CsvRecord[],
  { required, optional }: CsvKind<C>,
): CsvFile<C> | CsvMistakes {
  const header = records[0];
  if (header === undefined) return new CsvMistakes([`${name}:1: is empty; a header line is needed`]);
  const names = header.fields.map((field) => field.trim().toLowerCase());
  const columns = new Map<C, number>();
  const mistakes: string[] = [];
  for (const column of [...required, ...optional]) {
    const index = names.indexOf(column);
    if (index >= 0) columns.set(column, index);
    if (index !== names.lastIndexOf(column)) mistakes.push(`${name}:${header.line}: column ${column} is there twice`);
  }
  const missing = required.filter((column) => !columns.has(column));
  if (missing.length > 0) {
    const separator = names.length === 1 && /[;\t|]/.test(names[0] ?? '') ? '; columns must be separated by commas' : '';
    const plural = missing.length === 1 ? 'column' : 'columns';
    mistakes.push(`${name}:${header.line}: ${plural} ${missing.join(', ')} missing${separator}`);
  }
  if (mistakes.length > 0) return new CsvMistakes(mistakes);
  const unknown = names.filter((column) => column !== '' && !columns.has(column as C));
  return { name, columns, unknown, width: names.length, records: records.slice(1) };
}

function countByte(bytes: Buffer, byte: number, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte, start); at >= 0 && at < end; at = bytes.indexOf(byte, at + 1)) count++;
  return count;
}

/** A line break is never part of a longer UTF-8 sequence, so each line can be judged alone. */
function firstBadLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(LF, start);
    if (!isUtf8(bytes.subarray(start, end < 0 ? bytes.length : end))) return line;
    if (end < 0) break;
    start = end + 1;
  }
  return line;
}
