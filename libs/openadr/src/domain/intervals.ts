import { type Duration, type Instant, instant, milliseconds } from '@venfleet/core';
import type { Attribute } from '../client/domain.js';
import { nullable, ValuesMap } from '../wire/common.js';
import { type Static, Type } from '../wire/schema.js';
import { parseDateTime } from './date-time.js';
import { parseDuration } from './duration.js';
import type { GridInterval, Length } from './event.js';

const text = nullable(Type.String());

/** No more than is needed to understand a period and intervals of either version. */
export const ReceivedPeriod = nullable(Type.Object({ start: text, duration: text, randomizeStart: text }));
export const ReceivedIntervals = nullable(
  Type.Array(Type.Object({ id: Type.Integer(), intervalPeriod: ReceivedPeriod, payloads: nullable(Type.Array(ValuesMap)) })),
);

export interface Period {
  readonly start?: Instant | 'now' | undefined;
  /** As written: months and years depend on where they begin. */
  readonly duration?: string | undefined;
  readonly randomizeStart?: Duration | undefined;
}

/** Tells what is wrong, as `where: what`. */
export type Complain = (mistake: string) => void;

/** @returns undefined where there is none, or one that says nothing */
export function decodePeriod(
  received: Static<typeof ReceivedPeriod> | undefined,
  where: string,
  complain: Complain,
): Period | undefined {
  if (received === undefined || received === null) return undefined;
  const start = read(received.start, `${where}.start`, 'date-time', parseDateTime, complain);
  const length = read(received.duration, `${where}.duration`, 'duration', parseDuration, complain);
  const random = read(received.randomizeStart, `${where}.randomizeStart`, 'duration', parseDuration, complain);
  if (length !== undefined && length !== 'forever' && length < 0) complain(`${where}.duration: is negative`);
  if (random === 'forever') complain(`${where}.randomizeStart: has no end`);
  const duration = received.duration ?? undefined;
  // Its sign says nothing: the shift goes either way.
  const randomizeStart =
    random === undefined || random === 'forever' || random === 0 ? undefined : milliseconds(Math.abs(random));
  if (start === undefined && duration === undefined && randomizeStart === undefined) return undefined;
  return { start, duration, randomizeStart };
}

function read<T>(
  given: string | null | undefined,
  where: string,
  kind: string,
  parse: (text: string) => T | undefined,
  complain: Complain,
): T | undefined {
  if (given === undefined || given === null) return undefined;
  const value = parse(given);
  if (value === undefined) complain(`${where}: is not a valid ${kind}`);
  return value;
}

/**
 * Fills in what intervals inherit, field by field, and chains them: the first begins with the period of all, each later
 * one where the one before ends, unless it says otherwise. A start of `now` is that of the period for the first, and
 * right after the previous for the others (OpenADR 3.1 Definition, intervalPeriod; User Guide, event intervals).
 * @param common the period of the event, or of a report's resource
 */
export function resolveIntervals(
  received: Static<typeof ReceivedIntervals> | undefined,
  common: Period | undefined,
  complain: Complain,
): GridInterval[] {
  const resolved: GridInterval[] = [];
  let previousEnd: Instant | undefined;
  for (const [i, { id, intervalPeriod, payloads }] of (received ?? []).entries()) {
    const own = decodePeriod(intervalPeriod, `intervals.${i}.intervalPeriod`, complain);
    if (own === undefined && common === undefined) complain(`intervals.${i}: neither it nor what it belongs to has a period`);
    const start = startOf(own, i === 0 ? (common?.start ?? 'now') : (previousEnd ?? 'next'));
    const from = typeof start === 'number' ? start : undefined;
    const duration = parseDuration(own?.duration ?? common?.duration ?? 'PT0S', from) ?? milliseconds(0);
    const { randomizeStart } = own ?? {};
    const shift = randomizeStart === undefined ? {} : { randomizeStart };
    resolved.push({ id, start, duration, ...shift, payloads: (payloads ?? []) as Attribute[] });
    previousEnd = from === undefined || duration === 'forever' ? undefined : instant(from + duration);
  }
  return resolved;
}

function startOf(own: Period | undefined, inherited: GridInterval['start']): GridInterval['start'] {
  return own?.start === undefined || own.start === 'now' ? inherited : own.start;
}

/** Switches a device off and on at its moment: it has no length to fill. */
const INSTANTANEOUS: ReadonlySet<string> = new Set(['CTA2045_REBOOT']);

/**
 * In 3.0.1 a duration of PT0S, which is also the default, means without end or at once, depending on the payload
 * (3.0.1 YAML, intervalPeriod): levels, setpoints, limits and alerts hold until the next interval that says when it
 * begins, or until the event is deleted. One that starts now stays without length: so events are cancelled.
 */
export function holdUntilSuperseded(intervals: readonly GridInterval[]): GridInterval[] {
  return intervals.map((interval, i) => {
    const { start, duration, payloads } = interval;
    const holds = payloads.some(({ type }) => !INSTANTANEOUS.has(type));
    if (duration !== 0 || typeof start !== 'number' || !holds) return interval;
    const next = intervals[i + 1];
    if (next === undefined) return { ...interval, duration: 'forever' };
    const until = typeof next.start === 'number' && next.start > start ? next.start - start : 0;
    return { ...interval, duration: milliseconds(until) as Length };
  });
}
