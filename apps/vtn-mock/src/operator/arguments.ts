import { type Duration, type Instant, instant, kilowatts, milliseconds, type Watts } from '@venfleet/core';
import { InvalidArgumentError } from '@venfleet/core/node';
import {
  ALERTS,
  type Attribute,
  type Length,
  parseDateTime,
  parseDuration,
  type ReportIntervals,
  type Target,
} from '@venfleet/openadr';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `15m`, `1.5h`, `PT15M` or `forever`. */
export function parseLength(text: string): Length {
  if (text === 'forever') return 'forever';
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  const length = unit === undefined ? parseDuration(text) : milliseconds(Math.round(Number(number) * (UNITS[unit] as number)));
  if (length !== undefined && (length === 'forever' || length >= 0)) return length;
  throw new InvalidArgumentError('It must be a length such as 30s, 15m, 2h, 1d or PT15M, or forever.');
}

/** As {@link parseLength}, with an end and more than nothing. */
export function parseStep(text: string): Duration {
  const length = parseLength(text);
  if (length === 'forever' || length === 0) throw new InvalidArgumentError('It must have a length, and an end.');
  return length;
}

/** `now`, `+2m` from now, or an ISO 8601 time with its zone. */
export function parseStart(now: () => Instant): (text: string) => Instant | 'now' {
  return (text) => {
    if (text === 'now') return 'now';
    if (text.startsWith('+')) return instant(now() + parseStep(text.slice(1)));
    const time = parseDateTime(text);
    if (time !== undefined) return time;
    throw new InvalidArgumentError('It must be now, +2m, or a time such as 2026-06-15T09:30:00Z.');
  };
}

/** A parser for a repeatable option. */
export function repeatable<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => readonly T[] {
  return (text, before = []) => [...before, parse(text)];
}

const POWER_UNITS: Readonly<Record<string, number>> = { w: 0.001, kw: 1, mw: 1000 };

/** `500kW`, `-200 kW`, `1MW`, `800W`. */
export function parsePower(text: string): Watts {
  const [, number, unit = ''] = /^([+-]?\d+(?:\.\d+)?) ?(m?w|kw)$/i.exec(text) ?? [];
  const factor = POWER_UNITS[unit.toLowerCase()];
  if (number === undefined || factor === undefined) throw new InvalidArgumentError('It must be a power such as 500kW or 1.2MW.');
  return kilowatts(Number(number) * factor);
}

/** As {@link parsePower}, at least 0. */
export function parseLoad(text: string): Watts {
  const power = parsePower(text);
  if (power >= 0) return power;
  throw new InvalidArgumentError('It must not be negative.');
}

/** `30%` as 0.3. */
export function parseShare(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  const share = Number(number) / 100;
  if (share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('It must be a percentage from 0% to 100%.');
}

/** `0.1,0.3,-0.02` */
export function parsePrices(text: string): readonly number[] {
  const prices = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (prices.every(Number.isFinite)) return prices;
  throw new InvalidArgumentError('It must be prices with commas between them: 0.1,0.3.');
}

/** `flex`, or with what people shall read: `flex:Please save power`. */
export function parseAlert(text: string): Attribute {
  const [name = '', ...words] = text.split(':');
  const type = ALERTS[name];
  if (type === undefined) throw new InvalidArgumentError(`It must be one of ${Object.keys(ALERTS).join(', ')}.`);
  return { type, values: [words.join(':')] };
}

/** How long from now. */
export function parseDelay(now: () => Instant): (text: string) => Instant {
  return (text) => instant(now() + parseStep(text));
}

/** `TYPE=VALUE[,VALUE…]`: numbers and booleans where they look like it, else text. */
export function parsePayload(text: string): Attribute {
  const [, type, values] = /^([^=]{1,128})=(.*)$/s.exec(text) ?? [];
  if (type === undefined || values === undefined) throw new InvalidArgumentError('It must be TYPE=VALUE: PRICE=0.17.');
  return { type, values: values.split(',').map(parseValue) };
}

function parseValue(text: string): number | boolean | string {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : text;
}

/** `TYPE=VALUE[,VALUE…]` as 3.0.1 has it, or a plain name as 3.1 has it. */
export function parseTarget(text: string): Target {
  return text.includes('=') ? { ...parsePayload(text), values: text.slice(text.indexOf('=') + 1).split(',') } : text;
}

/** A report to ask for; the times in it become numbers of intervals when their length is known. */
export interface ReportOption {
  readonly payloadType: string;
  readonly readingType?: string;
  readonly units?: string;
  readonly every?: Duration;
  readonly repeat?: number;
  readonly historical: boolean;
  readonly aggregate: boolean;
  readonly reportIntervals: ReportIntervals;
}

const REPORT_HELP =
  'It must be load, baseline, usage or state with a length (load:1m), or TYPE[:READING_TYPE[:…]], … being units=KWH, every=15m, repeat=4, forecast, aggregate, sub or open.';

/** What people call the usual reports. */
const REPORT_NAMES: Readonly<Record<string, Pick<ReportOption, 'payloadType' | 'readingType' | 'units'>>> = {
  load: { payloadType: 'DEMAND', readingType: 'MEAN', units: 'KW' },
  baseline: { payloadType: 'BASELINE', readingType: 'MEAN', units: 'KW' },
  usage: { payloadType: 'USAGE', readingType: 'SUMMED', units: 'KWH' },
  state: { payloadType: 'OPERATING_STATE' },
};

/** `load:1m`, or `USAGE:SUMMED:units=KWH:every=15m`: see the option's help. */
export function parseReport(text: string): ReportOption {
  const [payloadType = '', ...parts] = text.split(':');
  const [name, length = '1m'] = [REPORT_NAMES[payloadType], parts[0]];
  if (name !== undefined) {
    if (parts.length > 1) throw new InvalidArgumentError(REPORT_HELP);
    // One for each resource is asked for in full words: a fleet has thousands.
    return {
      ...name,
      every: parseStep(length),
      historical: true,
      aggregate: payloadType !== 'state',
      reportIntervals: 'INTERVALS',
    };
  }
  if (payloadType === '') throw new InvalidArgumentError(REPORT_HELP);
  let report: ReportOption = { payloadType, historical: true, aggregate: false, reportIntervals: 'INTERVALS' };
  for (const [i, part] of parts.entries()) {
    const [key, value] = part.split('=', 2) as [string, string | undefined];
    if (value === undefined && i === 0 && /^[A-Z][A-Z0-9_]*$/.test(key)) report = { ...report, readingType: key };
    else report = { ...report, ...reportPart(key, value) };
  }
  return report;
}

function reportPart(key: string, value: string | undefined): Partial<ReportOption> {
  if (value === undefined) {
    if (key === 'forecast') return { historical: false };
    if (key === 'aggregate') return { aggregate: true };
    if (key === 'sub') return { reportIntervals: 'SUB_INTERVALS' };
    if (key === 'open') return { reportIntervals: 'OPEN_INTERVALS' };
  } else {
    if (key === 'units' && value !== '') return { units: value };
    if (key === 'every') return { every: parseStep(value) };
    if (key === 'repeat' && /^\d+$/.test(value)) return { repeat: Number(value) };
  }
  throw new InvalidArgumentError(REPORT_HELP);
}
