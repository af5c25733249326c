import type { Instant } from '@venfleet/core';
import { type End, endOf, type GridEvent, startOf, timelineOf } from '@venfleet/openadr';
import type { HeldEvent } from '../planning/model.js';

/**
 * pending: begins later. active: under way. completed: over. cancelled: the VTN says now and no time at all. deleted: the
 * VTN no longer has it. opted-out: the operator refuses it for the whole VEN.
 */
export type EventState = 'pending' | 'active' | 'completed' | 'cancelled' | 'deleted' | 'opted-out';

/** Withdrawn by a start of now and a duration of PT0S (OpenADR 3.1 User Guide, event cancellation). */
export function isCancelled({ start, length, intervals }: Pick<GridEvent, 'start' | 'length' | 'intervals'>): boolean {
  if (intervals.length === 0) return start === 'now' && length === 0;
  return intervals.every((interval) => typeof interval.start === 'string' && interval.duration === 0);
}

/** From when to when an event may have an effect, its random shifts included. */
export function lifeOf({ event, seenAt, shift, intervalShifts }: Omit<HeldEvent, 'optOuts'>): { start: Instant; end: End } {
  const timeline = timelineOf(event, seenAt, { event: shift, intervals: intervalShifts });
  const start = startOf(timeline) ?? seenAt;
  return { start, end: endOf(timeline) ?? start };
}

/** @param gone whether the VTN no longer has it */
export function stateOf(held: HeldEvent, gone: boolean, now: Instant): EventState {
  if (gone) return 'deleted';
  if (isCancelled(held.event)) return 'cancelled';
  if (held.optOuts.some(({ resource }) => resource === undefined)) return 'opted-out';
  const { start, end } = lifeOf(held);
  if (now < start) return 'pending';
  return end === 'forever' || now < end ? 'active' : 'completed';
}
