import { type Instant, instant, kilowatts, toKilowatts, type Watts } from '@venfleet/core';
import { AGGREGATED_REPORT, type GridReport } from '@venfleet/openadr';

/** Worst last. */
export const QUALITIES = ['OK', 'ESTIMATED', 'BAD', 'MISSING'] as const;
export type Quality = (typeof QUALITIES)[number];

export type Kind = 'load' | 'baseline';

/** What a VEN says of its load, or of what it would have been, in one interval. */
export interface Measurement {
  readonly ven: string;
  readonly eventId: string;
  /** One resource, or AGGREGATED_REPORT for all that the event is for. */
  readonly resource: string;
  /** The event's. */
  readonly intervalId: number;
  readonly start: Instant;
  readonly end: Instant;
  readonly kind: Kind;
  /** Mean power; undefined where it is not known. */
  readonly power: Watts | undefined;
  readonly quality: Quality;
  /** The lower one counts, where the same is told in several ways. */
  readonly rank: number;
}

/** Report payload types that tell the load or baseline (Definition, report enumerations), the better ones first. */
const SOURCES: Readonly<Record<string, { readonly kind: Kind; readonly rank: number }>> = {
  DEMAND: { kind: 'load', rank: 0 },
  READING: { kind: 'load', rank: 1 },
  USAGE: { kind: 'load', rank: 2 },
  BASELINE: { kind: 'baseline', rank: 0 },
};

/** Factors to kW and kWh. */
const POWER: Readonly<Record<string, number>> = { W: 0.001, KW: 1, MW: 1000 };
const ENERGY: Readonly<Record<string, number>> = { WH: 0.001, KWH: 1, MWH: 1000 };

/** Peaks are no mean, and the reading of a counter is no difference. */
const NO_MEAN: ReadonlySet<string> = new Set(['PEAK', 'FORECAST']);

/** A terawatt: what is beyond is no measurement, and its sums would be none either. */
const MOST_KW = 1e9;

export function measurementsOf(report: GridReport): Measurement[] {
  const described = new Map(report.descriptors.map((descriptor) => [descriptor.payloadType, descriptor]));
  return report.resources.flatMap(({ name: resource, intervals }) =>
    intervals.flatMap(({ id, start, duration, payloads }) => {
      if (start === undefined || duration === undefined || duration === 'forever' || duration <= 0) return [];
      const hours = duration / 3_600_000;
      const told = payloads.filter(({ type }) => SOURCES[type] !== undefined);
      return told.flatMap(({ type, values }) => {
        const { readingType = 'DIRECT_READ', units } = described.get(type) ?? {};
        const toKw = factorOf(type, readingType, units, hours);
        const source = SOURCES[type];
        if (source === undefined || toKw === undefined) return [];
        // DATA_QUALITY stands beside exactly one value (Definition, report enumerations).
        const said = told.length === 1 ? payloads.find((one) => one.type === 'DATA_QUALITY')?.values[0] : undefined;
        const quality = QUALITIES.find((one) => one === said) ?? 'OK';
        // A bad one may be the sum of a few of the resources: nothing can be reckoned from it.
        const kw = typeof values[0] === 'number' && quality !== 'BAD' ? values[0] * toKw : undefined;
        const power = kw === undefined || !(Math.abs(kw) <= MOST_KW) ? undefined : kilowatts(kw);
        return {
          ...source,
          ven: report.clientName,
          eventId: report.eventId,
          resource,
          intervalId: id,
          start,
          end: instant(start + duration),
          power,
          quality: power === undefined && quality !== 'BAD' ? 'MISSING' : quality,
        };
      });
    }),
  );
}

/** What makes kW of a value; undefined where it is something else. Without units they are the usual ones. */
function factorOf(type: string, readingType: string, units: string | undefined, hours: number): number | undefined {
  if (NO_MEAN.has(readingType)) return undefined;
  const unit = (units ?? (type === 'USAGE' ? 'KWH' : type === 'READING' ? '' : 'KW')).toUpperCase();
  const energy = ENERGY[unit];
  // The counter itself, not what it gained.
  if (energy !== undefined && type === 'READING' && readingType !== 'SUMMED') return undefined;
  return energy === undefined ? POWER[unit] : energy / hours;
}

/** A VEN's load and baseline in one interval. */
export interface Sample {
  readonly intervalId: number;
  readonly start: Instant;
  readonly end: Instant;
  readonly load: Watts | undefined;
  readonly baseline: Watts | undefined;
  /** The worst of what it is made of. */
  readonly quality: Quality;
}

/**
 * The measurements of one VEN and event, an interval at a time, in order. What is told for all resources at once goes
 * before the sum of what is told for each; what was told again later goes before what was told first.
 * @param measurements the newest first
 */
export function samplesOf(measurements: readonly Measurement[]): Sample[] {
  const byTime = new Map<string, Measurement[]>();
  for (const one of measurements) {
    const key = `${one.start} ${one.end}`;
    const known = byTime.get(key);
    if (known === undefined) byTime.set(key, [one]);
    else known.push(one);
  }
  return [...byTime.values()].map(sampleOf).sort((a, b) => a.start - b.start);
}

function sampleOf(measurements: readonly Measurement[]): Sample {
  const [first] = measurements as [Measurement];
  const load = totalOf(measurements, 'load');
  const baseline = totalOf(measurements, 'baseline');
  const { intervalId, start, end } = first;
  return { intervalId, start, end, load: load.power, baseline: baseline.power, quality: worse(load.quality, baseline.quality) };
}

interface Total {
  readonly power: Watts | undefined;
  readonly quality: Quality;
}

function totalOf(measurements: readonly Measurement[], kind: Kind): Total {
  const best = new Map<string, Measurement>();
  for (const one of measurements) {
    if (one.kind !== kind) continue;
    const known = best.get(one.resource);
    if (known === undefined || one.rank < known.rank) best.set(one.resource, one);
  }
  const aggregated = best.get(AGGREGATED_REPORT);
  const parts = aggregated === undefined ? [...best.values()] : [aggregated];
  const known = parts.flatMap(({ power }) => (power === undefined ? [] : [toKilowatts(power)]));
  return {
    power: known.length === 0 ? undefined : kilowatts(known.reduce((sum, kw) => sum + kw, 0)),
    quality: parts.length === 0 ? 'MISSING' : parts.map(({ quality }) => quality).reduce(worse),
  };
}

function worse(a: Quality, b: Quality): Quality {
  return QUALITIES.indexOf(a) >= QUALITIES.indexOf(b) ? a : b;
}
