import { type Duration, type Instant, milliseconds, type Random } from '@venfleet/core';
import type { GridEvent } from '@venfleet/openadr';
import type { HeldEvent, OptOut } from '../planning/model.js';
import type { Definition } from './definitions.js';

/** Chance as it was drawn for an event, each in [0, 1): kept, so that a poll or a restart does not draw again. */
export interface Draws {
  readonly event: number;
  /** By index of the interval; only of intervals that have a randomizeStart of their own. */
  readonly intervals: Readonly<Record<number, number>>;
}

/** An event of one VEN with all that the agent keeps of it. */
export interface EventRecord {
  readonly event: GridEvent;
  /** The event as it is kept; the same object for as long as it is the same event. */
  readonly definition: Definition;
  readonly seenAt: Instant;
  /** When it was last seen to be another than before. */
  readonly changedAt: Instant;
  /** Since when the VTN no longer has it; undefined while it has. */
  readonly goneAt: Instant | undefined;
  readonly draws: Draws;
  readonly optOuts: readonly OptOut[];
  /** When a device was first and last told something because of it. */
  readonly firstActionAt: Instant | undefined;
  readonly lastActionAt: Instant | undefined;
}

/** What a program adds to its events. */
export interface ProgramFacts {
  readonly id: string;
  readonly name: string;
  readonly payloadDescriptors: GridEvent['payloadDescriptors'];
}

/** Which way randomizeStart shifts: either (3.1: within ±R), or only to later, as some VTNs of 3.0.1 mean it. */
export type StartShift = 'either' | 'later';

/** The draws of an event: those that it has already, and new ones for what has none yet. */
export function drawFor({ intervals }: Pick<GridEvent, 'intervals'>, random: Random, known?: Draws): Draws {
  const event = known?.event ?? random.next();
  const own: Record<number, number> = { ...known?.intervals };
  for (const [index, { randomizeStart }] of intervals.entries()) {
    if (randomizeStart !== undefined) own[index] ??= random.next();
  }
  return { event, intervals: own };
}

/** @param draw in [0, 1) */
function shiftWithin(range: Duration | undefined, draw: number, way: StartShift): Duration {
  if (range === undefined) return milliseconds(0);
  return milliseconds(Math.round(range * (way === 'later' ? draw : 2 * draw - 1)));
}

/**
 * The event as planning takes it: its shifts drawn, and the descriptors of its program filled in for the payload types
 * that it does not describe itself (OpenADR 3.1 Definition, event.payloadDescriptors).
 */
export function heldOf(
  { event, seenAt, draws, optOuts }: EventRecord,
  program: ProgramFacts | undefined,
  way: StartShift,
): HeldEvent {
  const intervalShifts = new Map<number, Duration>();
  for (const [index, { randomizeStart }] of event.intervals.entries()) {
    if (randomizeStart !== undefined) intervalShifts.set(index, shiftWithin(randomizeStart, draws.intervals[index] ?? 0.5, way));
  }
  const described = new Set(event.payloadDescriptors.map(({ payloadType }) => payloadType));
  const inherited = (program?.payloadDescriptors ?? []).filter(({ payloadType }) => !described.has(payloadType));
  return {
    event: inherited.length === 0 ? event : { ...event, payloadDescriptors: [...event.payloadDescriptors, ...inherited] },
    seenAt,
    shift: shiftWithin(event.randomizeStart, draws.event, way),
    intervalShifts,
    optOuts,
  };
}
