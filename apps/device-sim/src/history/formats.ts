import type { HistoryRow } from './rows.js';

/** How rows are written; a text for each, line end included. */
export interface HistoryFormat {
  readonly extension: string;
  readonly header: string;
  line(row: HistoryRow): string;
}

/** A tenth of a watt, a hundredth of a watt-hour: finer than any meter. */
const tenth = (value: number): number => Math.round(value * 10) / 10;
const hundredth = (value: number): number => Math.round(value * 100) / 100;

/** The CSV that a FILEREADER connection reads: UTC, canonical units, ids that need no quotes. */
const csv: HistoryFormat = {
  extension: 'csv',
  header: 'timestamp,meter_point_id,resource_id,power_w,energy_import_wh,energy_export_wh,voltage_l1_v,frequency_hz\n',
  line: ({ at, resource, powerW, energyImportWh, energyExportWh, voltageL1V, frequencyHz }) =>
    `${isoTime(at)},${resource.meterPointId},${resource.resourceId},${tenth(powerW)},${hundredth(energyImportWh)},${hundredth(energyExportWh)},${tenth(voltageL1V)},${hundredth(frequencyHz)}\n`,
};

/** InfluxDB line protocol, nanoseconds. */
const influx: HistoryFormat = {
  extension: 'lp',
  header: '',
  line: ({ at, resource, powerW, energyImportWh, energyExportWh, voltageL1V, frequencyHz }) =>
    `meter,ven=${tag(resource.ven)},resource_id=${resource.resourceId},meter_point_id=${resource.meterPointId} power_w=${tenth(powerW)},energy_import_wh=${hundredth(energyImportWh)},energy_export_wh=${hundredth(energyExportWh)},voltage_l1_v=${tenth(voltageL1V)},frequency_hz=${hundredth(frequencyHz)} ${at}000000\n`,
};

export const HISTORY_FORMATS: Readonly<Record<'csv' | 'influx', HistoryFormat>> = { csv, influx };

let latest = { at: Number.NaN, text: '' };

/** All meters of a VEN share a time stamp, which is dear to make. */
function isoTime(at: number): string {
  if (latest.at !== at) latest = { at, text: new Date(at).toISOString() };
  return latest.text;
}

/** Line protocol escapes commas, equals signs and spaces of a tag. */
function tag(text: string): string {
  return text.replace(/[,= ]/g, '\\$&');
}
