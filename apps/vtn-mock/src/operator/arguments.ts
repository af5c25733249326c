import { type Duration, type Instant, instant, milliseconds } from '@venfleet/core';
import { InvalidArgumentError } from '@venfleet/core/node';
import { type Attribute, type Length, parseDateTime, parseDuration, type ReportIntervals, type Target } from '@venfleet/openadr';

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
  'It must be TYPE[:READING_TYPE[:…]], … being units=KWH, every=15m, repeat=4, forecast, aggregate, sub or open.';

/** `USAGE:SUMMED:units=KWH:every=15m`: see the option's help. */
export function parseReport(text: string): ReportOption {
  const [payloadType = '', ...parts] = text.split(':');
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
