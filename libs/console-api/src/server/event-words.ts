import { milliseconds } from '@venfleet/core';
import { ALERTS, type Attribute, formatDuration, type GridEvent } from '@venfleet/openadr';
import type { EventForm } from '../types.js';
import type { EventTimes } from './event-times.js';

const LEVELS = ['normal', 'moderate', 'high', 'emergency'];
const alertNames = new Map(Object.entries(ALERTS).map(([name, type]) => [type, name]));

type Words = (value: unknown) => string;

const power = (value: unknown): string => {
  if (typeof value !== 'number') return valueText(value);
  const size = Math.abs(value);
  if (size >= 1000) return `${rounded(value / 1000)} MW`;
  return size >= 1 || value === 0 ? `${rounded(value)} kW` : `${rounded(value * 1000)} W`;
};

/** Payload values in people's words; powers are in kW, as the operator's commands write them. */
const WORDS: Readonly<Record<string, Words>> = {
  CONTROL_LEVEL_OFFSET_PERCENT: (value) => `shed ${rounded(percentOf(value))} %`,
  SIMPLE: (value) => `level ${valueText(value)}, ${LEVELS[Number(value)] ?? 'unknown'}`,
  DISPATCH_SETPOINT: (value) => `draw ${power(value)}`,
  DISPATCH_SETPOINT_RELATIVE: (value) =>
    Number(value) <= 0 ? `draw ${power(-Number(value))} less` : `draw ${power(value)} more`,
  IMPORT_CAPACITY_LIMIT: (value) => `limit ${power(value)}`,
  EXPORT_CAPACITY_LIMIT: (value) => `export limit ${power(value)}`,
  CHARGE_STATE_SETPOINT: (value) => `charge to ${valueText(value)} %`,
  PRICE: (value) => `price ${valueText(value)}`,
};

/** What payloads say, for people: `shed 20 %`. */
export function labelOf(payloads: readonly Attribute[]): string {
  const parts = payloads.map(({ type, values }) => {
    const alert = alertNames.get(type);
    if (alert !== undefined) return [`alert ${alert}`, valueText(values[0] ?? '')].filter((part) => part !== '').join(': ');
    return WORDS[type]?.(values[0]) ?? `${type} ${values.map(valueText).join(', ')}`.trimEnd();
  });
  return parts.length === 0 ? 'asks for reports' : parts.join('; ');
}

/** What an event is called: its name, else what it asks for first. */
export const titleOf = ({ name, intervals }: Pick<GridEvent, 'name' | 'intervals'>): string =>
  name ?? labelOf(intervals[0]?.payloads ?? []);

/** A share above 1 is a percentage, as everywhere in OpenADR. */
function percentOf(value: unknown): number {
  const number = Number(value);
  return Math.abs(number) > 1 ? number : number * 100;
}

const rounded = (value: number): number => Number(value.toFixed(2));

/** What a form to change it begins with. */
export function formOf(event: GridEvent, program: string, { startAt, endAt }: Pick<EventTimes, 'startAt' | 'endAt'>): EventForm {
  const payloads = event.intervals[0]?.payloads ?? [];
  const first = (type: string) => payloads.find((payload) => payload.type === type)?.values[0];
  const kw = (type: string) => (first(type) === undefined ? undefined : `${first(type)}kW`);
  const alert = payloads.find(({ type }) => alertNames.has(type));
  const shed = first('CONTROL_LEVEL_OFFSET_PERCENT');
  const prices = event.intervals.flatMap((interval) => interval.payloads.find(({ type }) => type === 'PRICE')?.values[0] ?? []);
  return compact({
    program,
    name: event.name,
    shed: shed === undefined ? undefined : `${rounded(percentOf(shed))}%`,
    level: first('SIMPLE') === undefined ? undefined : String(first('SIMPLE')),
    setpoint: kw('DISPATCH_SETPOINT'),
    delta: kw('DISPATCH_SETPOINT_RELATIVE'),
    limit: kw('IMPORT_CAPACITY_LIMIT'),
    price: prices.length === 0 ? undefined : prices.join(','),
    alert: alert && [alertNames.get(alert.type), valueText(alert.values[0] ?? '')].filter((part) => part !== '').join(':'),
    at: event.start === 'now' || startAt === null ? 'now' : new Date(startAt).toISOString(),
    for: lengthText(startAt, endAt),
    randomize: event.randomizeStart === undefined ? undefined : formatDuration(event.randomizeStart),
    priority: event.priority === undefined ? undefined : String(event.priority),
    target: event.targets.length === 0 ? undefined : event.targets.map(targetText),
  });
}

function lengthText(startAt: number | null, endAt: number | null): string | undefined {
  if (startAt === null) return undefined;
  if (endAt === null) return 'forever';
  return endAt > startAt ? formatDuration(milliseconds(endAt - startAt)) : undefined;
}

export const targetText = (target: GridEvent['targets'][number]): string =>
  typeof target === 'string' ? target : `${target.type}=${target.values.map(valueText).join(',')}`;

function compact<T extends object>(of: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as never;
}

export const valueText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
