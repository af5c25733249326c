import type { Instant, VenfleetError } from '@venfleet/core';
import type { FileRow } from './rows.js';

const METER_COLUMNS = ['resource_id', 'meter_point_id'] as const;
const VALUE_COLUMNS = ['power_w', 'energy_import_wh', 'energy_export_wh'] as const;

export type CsvRecord = Readonly<Record<string, string>>;

/** @param mistake makes the error to throw of a reason */
export function rowOf(record: CsvRecord, mistake: (reason: string) => VenfleetError): FileRow {
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
