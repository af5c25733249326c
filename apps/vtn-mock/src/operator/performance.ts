import { requestedOf } from '@venfleet/console-api/server';
import type { Instant, Watts } from '@venfleet/core';
import {
  type Attribute,
  countOf,
  type GridEvent,
  type GridReport,
  spanAt,
  type Targeted,
  targetedResources,
  timelineOf,
} from '@venfleet/openadr';
import { measurementsOf, type Sample, samplesOf } from './measurements.js';

/** What one VEN was asked for and what it gave. Powers are means over the time that its reports tell of. */
export interface VenPerformance {
  readonly ven: string;
  /** Undefined where the event does not say how much: levels and alerts leave it to the VEN. */
  readonly requestedW: number | undefined;
  readonly deliveredW: number | undefined;
  readonly requestedWh: number | undefined;
  readonly deliveredWh: number | undefined;
  /** Intervals that anything was reported of; that load and baseline are known of; that are over by now. */
  readonly reported: number;
  readonly known: number;
  readonly expected: number;
  /** Intervals by the quality of their values, and those without a report. */
  readonly estimated: number;
  readonly bad: number;
  readonly missing: number;
}

export interface Performance {
  readonly event: string;
  readonly vens: readonly VenPerformance[];
  readonly total: Omit<VenPerformance, 'ven'>;
}

/**
 * Settles an event: BASELINE less measured load over its intervals.
 * @param vens those that the VTN has: one that the event is for and that has not reported is told, too
 * @param reports on the event, the newest first
 * @param dueBy reports on intervals that end later may still be on their way
 */
export function performanceOf(
  event: GridEvent,
  vens: readonly Targeted[],
  reports: readonly GridReport[],
  dueBy: Instant,
): Performance {
  const byVen = new Map<string, GridReport[]>();
  for (const ven of vens) if (concerns(event, ven)) byVen.set(ven.name, []);
  for (const report of reports) {
    const known = byVen.get(report.clientName);
    if (known === undefined) byVen.set(report.clientName, [report]);
    else known.push(report);
  }
  const rows = [...byVen]
    .map(([ven, own]) => venPerformance(event, ven, samplesOf(own.flatMap(measurementsOf)), dueBy))
    .sort((a, b) => (b.deliveredWh ?? -1) - (a.deliveredWh ?? -1) || a.ven.localeCompare(b.ven));
  return { event: event.id, vens: rows, total: totalOf(rows) };
}

/** Whether an event is for a VEN as a whole; what only a resource of it meets is seen by its reports. */
function concerns(event: GridEvent, ven: Targeted): boolean {
  return targetedResources(event.targets, ven, [{ name: '', targets: [] }]).length > 0;
}

function venPerformance(event: GridEvent, ven: string, samples: readonly Sample[], dueBy: Instant): VenPerformance {
  const known = samples.filter(isKnown);
  const expected = Math.max(samples.filter(({ end }) => end <= dueBy).length, endedBy(event, samples, dueBy));
  const hours = known.reduce((sum, sample) => sum + hoursOf(sample), 0);
  const sum = (value: (sample: Known) => number | undefined) => {
    const parts = known.map((sample) => ({ power: value(sample), hours: hoursOf(sample) }));
    if (parts.length === 0 || parts.some(({ power }) => power === undefined)) return undefined;
    return parts.reduce((total, part) => total + (part.power as number) * part.hours, 0);
  };
  const requestedWh = sum((sample) => requestedOf(saidIn(event, sample.intervalId), sample));
  const deliveredWh = sum(({ load, baseline }) => baseline - load);
  const mean = (energy: number | undefined) => (energy === undefined ? undefined : energy / hours);
  return {
    ven,
    requestedW: mean(requestedWh),
    deliveredW: mean(deliveredWh),
    requestedWh,
    deliveredWh,
    reported: samples.length,
    known: known.length,
    expected,
    estimated: known.filter(({ quality }) => quality === 'ESTIMATED').length,
    bad: samples.filter(({ quality }) => quality === 'BAD').length,
    missing: Math.max(0, expected - known.length),
  };
}

type Known = Sample & { readonly load: Watts; readonly baseline: Watts };

const isKnown = (sample: Sample): sample is Known => sample.load !== undefined && sample.baseline !== undefined;

const hoursOf = ({ start, end }: Sample): number => (end - start) / 3_600_000;

/** The event's intervals that are over; one that begins when it is seen does so for each VEN by itself. */
function endedBy(event: GridEvent, samples: readonly Sample[], dueBy: Instant): number {
  const began = event.start === 'now' ? samples[0]?.start : undefined;
  const timeline = timelineOf(event, began ?? event.modifiedAt ?? dueBy);
  // Without intervals an event may go on for ever: it is what is reported.
  const count = timeline.kind === 'intervals' ? (countOf(timeline) ?? 0) : 0;
  let ended = 0;
  for (let i = 0; i < count; i++) {
    const span = spanAt(timeline, i);
    if (span !== undefined && span.end !== 'forever' && span.end > span.start && span.end <= dueBy) ended++;
  }
  return ended;
}

/** A cancelled event has only its first interval left, and said the same in those that are gone. */
function saidIn({ intervals }: GridEvent, id: number): readonly Attribute[] {
  return (intervals.find((interval) => interval.id === id) ?? intervals[0])?.payloads ?? [];
}

function totalOf(rows: readonly VenPerformance[]): Omit<VenPerformance, 'ven'> {
  const sum = (key: Exclude<keyof VenPerformance, 'ven'>) => {
    const values = rows.flatMap((row) => row[key] ?? []);
    return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
  };
  return {
    requestedW: sum('requestedW'),
    deliveredW: sum('deliveredW'),
    requestedWh: sum('requestedWh'),
    deliveredWh: sum('deliveredWh'),
    reported: sum('reported') ?? 0,
    known: sum('known') ?? 0,
    expected: sum('expected') ?? 0,
    estimated: sum('estimated') ?? 0,
    bad: sum('bad') ?? 0,
    missing: sum('missing') ?? 0,
  };
}
