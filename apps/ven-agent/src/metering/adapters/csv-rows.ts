import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { type Instant, VenfleetError } from '@venfleet/core';
import { fileProblem } from '@venfleet/core/node';
import { type CsvError, parse } from 'csv-parse';
import type { FileRow, OpenRows } from '../file/rows.js';

const METER_COLUMNS = ['resource_id', 'meter_point_id'] as const;
const VALUE_COLUMNS = ['power_w', 'energy_import_wh', 'energy_export_wh'] as const;

type Record_ = Readonly<Record<string, string>>;

/**
 * Rows of a CSV file with the columns timestamp (ISO 8601 with a zone), resource_id or meter_point_id, and any
 * of power_w, energy_import_wh, energy_export_wh; others are not looked at. Times must not run backwards. A
 * name that ends in .gz is unpacked on the way.
 */
export const openCsvRows: OpenRows = async function* (file) {
  const parser = parse({ columns: true, bom: true, skip_empty_lines: true, relax_column_count: false, info: true });
  const source = createReadStream(file);
  source.on('error', (cause) => parser.destroy(unreadable(file, cause)));
  if (file.endsWith('.gz')) {
    const gunzip = createGunzip();
    gunzip.on('error', (cause) => parser.destroy(unreadable(file, cause)));
    source.pipe(gunzip).pipe(parser);
  } else source.pipe(parser);
  let latest = Number.NEGATIVE_INFINITY;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Record_; info: { lines: number } }>) {
      const row = rowOf(record, (reason) => invalid(file, info.lines, reason));
      if (row.at < latest) throw invalid(file, info.lines, 'timestamp: is earlier than the one before');
      latest = row.at;
      yield row;
    }
  } catch (error) {
    if (error instanceof VenfleetError) throw error;
    throw invalid(file, (error as Partial<CsvError & { lines: number }>).lines ?? 1, (error as Error).message);
  } finally {
    source.destroy();
  }
};

function rowOf(record: Record_, mistake: (reason: string) => VenfleetError): FileRow {
  const time = record.timestamp;
  // Without a zone, Date.parse would take it for local time.
  const at = time !== undefined && /(Z|[+-]\d\d:?\d\d)$/.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(at))
    throw mistake(`timestamp: ${time === undefined ? 'is missing' : `"${time}" is no ISO 8601 time with a zone`}`);
  const meter = METER_COLUMNS.map((column) => record[column]).find((id) => id !== undefined && id !== '');
  if (meter === undefined) throw mistake(`${METER_COLUMNS.join(' or ')}: is missing`);
  const [powerW, energyImportWh, energyExportWh] = VALUE_COLUMNS.map((column) => numberOf(column, record[column], mistake));
  return { at: at as Instant, meter, powerW, energyImportWh, energyExportWh };
}

function numberOf(column: string, text: string | undefined, mistake: (reason: string) => VenfleetError): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw mistake(`${column}: "${text}" is no number`);
  return value;
}

function unreadable(file: string, cause: unknown): VenfleetError {
  return new VenfleetError('METER_FILE_UNREADABLE', `cannot read ${file}: ${fileProblem(cause)}`, { cause, context: { file } });
}

function invalid(file: string, line: number, reason: string): VenfleetError {
  return new VenfleetError('METER_FILE_INVALID', `${file}:${line}: ${reason}`, {
    context: { file, line },
    hint: 'docs/metering.md describes the format',
  });
}
