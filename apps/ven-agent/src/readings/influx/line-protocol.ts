import type { Reading } from '../reading.js';

/** Tags of a series, by key; a tag without a value is left out. */
export type Tags = Readonly<Record<string, string>>;

/**
 * The beginning of each line of a series: the measurement and its tags (InfluxDB line protocol, "Syntax"). Keys are
 * sorted, which the server would do otherwise. Servers differ about what a backslash escapes and none takes a line
 * break, so that these become `/` and a space, as does any control character.
 */
export function seriesKey(measurement: string, tags: Tags): string {
  const parts = Object.entries(tags)
    .filter(([key, value]) => key !== '' && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `,${escapeSpecial(key, /[,= ]/g)}=${escapeSpecial(value, /[,= ]/g)}`);
  return escapeSpecial(measurement, /[, ]/g) + parts.join('');
}

/** One reading as a line: W, Wh and 0…1 to the thousandth, the ReadingFlag bits as `flags`, the time in ms. */
export function toLine(series: string, { power, importEnergy, exportEnergy, stateOfCharge, flags, at }: Reading): string {
  const values = { power_w: power, import_wh: importEnergy, export_wh: exportEnergy, state_of_charge: stateOfCharge };
  const fields = Object.entries(values).map(([name, value]) => (value === undefined ? '' : `${name}=${thousandths(value)},`));
  return `${series} ${fields.join('')}flags=${flags}i ${at}`;
}

function thousandths(value: number): number {
  return Number.isSafeInteger(Math.round(value * 1000)) ? Math.round(value * 1000) / 1000 : value;
}

function escapeSpecial(text: string, special: RegExp): string {
  return text
    .replace(/\p{Cc}/gu, ' ')
    .replaceAll('\\', '/')
    .replace(special, '\\$&');
}
