import type { Instant } from '@venfleet/core';
import { type GridEvent, spanDuring, timelineOf } from '@venfleet/openadr';

/** Event payload types that ask for another load than usual (OpenADR 3.1 Definition, event enumerations). */
const LOAD_CHANGING: ReadonlySet<string> = new Set([
  'SIMPLE',
  'DISPATCH_SETPOINT',
  'DISPATCH_SETPOINT_RELATIVE',
  'CONTROL_SETPOINT',
  'CHARGE_STATE_SETPOINT',
  'CONTROL_LEVEL_OFFSET',
  'CONTROL_LEVEL_OFFSET_PERCENT',
  'IMPORT_CAPACITY_LIMIT',
  'EXPORT_CAPACITY_LIMIT',
  'ALERT_BLACK_START',
  'ALERT_FLEX_ALERT',
  'ALERT_GRID_EMERGENCY',
]);

/**
 * Whether an event changes the load at a time: such days say nothing of the usual one. What lasts without end is part
 * of the usual load, and level 0 of SIMPLE is none.
 */
export function changesLoad(event: GridEvent, seenAt: Instant, at: Instant): boolean {
  const span = spanDuring(timelineOf(event, seenAt), at);
  if (span === undefined || span.end === 'forever') return false;
  const payloads = event.intervals.find(({ id }) => id === span.id)?.payloads ?? [];
  return payloads.some(
    ({ type, values }) => LOAD_CHANGING.has(type) && !(type === 'SIMPLE' && values.every((value) => value === 0)),
  );
}
