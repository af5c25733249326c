import { type Duration, hours, type Instant, instant, type WattHours, type Watts, watts } from '@venfleet/core';
import type { ReportRequest } from '@venfleet/openadr';
import type { Baseline } from '../baseline/baseline.js';
import { OPERATING_STATES, type OperatingMode, type OperatingState, operatingWord } from '../planning/operating-state.js';
import type { Reading } from '../readings/reading.js';
import {
  chargeLevel,
  counterReading,
  importEnergy,
  lastPower,
  type Measure,
  meanPower,
  peakPower,
  type Window,
} from './measure.js';
import { type Measured, missing, scaled, worse } from './quality.js';
import { readingTypeOf } from './request.js';
import { type Dimension, type Unit, unitNamed, usualUnit } from './units.js';

/** What reporting needs to know of a resource. */
export interface ReportedResource {
  readonly id: number;
  /** resourceName on the VTN. */
  readonly name: string;
  readonly pMin: Watts;
  readonly pMax: Watts;
  readonly eMax: WattHours;
  readonly readInterval: Duration;
}

/** One interval of one resource, and all that an answer can be made of. */
export interface Scene {
  readonly resource: ReportedResource;
  readonly window: Window;
  /** As ReadingSource.around gives them. */
  readonly readings: readonly Reading[];
  readonly baseline: Baseline;
  /** What events had come to for it at the end of the interval; undefined where nothing is known of that. */
  readonly mode: OperatingMode | undefined;
  /** When the event began, or the present where that is earlier: the baseline's anchor. */
  readonly anchor: Instant;
}

/** How a request is answered. */
export interface Answer {
  readonly unit: Unit | undefined;
  readonly measure: (scene: Scene) => Measured;
  /** Only the last reading by the interval's end counts: one after it tells nothing more. */
  readonly isOfMoment: boolean;
  /** How the values of several resources become one; absent where they cannot. */
  readonly aggregate?: 'sum' | 'sum of peaks' | 'mean by capacity';
  /** The word for a value, where it is not a number. */
  readonly word?: (measured: Measured) => string;
}

interface Row {
  readonly payloads: readonly string[];
  /** Empty: any. */
  readonly readingTypes: readonly string[];
  readonly dimension?: Dimension;
  /** Answers about the past, about the future, or either. */
  readonly about: 'past' | 'future' | 'any';
  readonly measure: (scene: Scene) => Measured;
  readonly isOfMoment?: true;
  readonly aggregate?: Answer['aggregate'];
  readonly word?: Answer['word'];
}

const DIRECT = ['DIRECT_READ', 'ESTIMATED'];
const MEANS = ['MEAN', 'AVERAGE'];

const past =
  (measure: Measure) =>
  ({ readings, window }: Scene): Measured =>
    measure(readings, window);

const baselinePower = ({ baseline, resource, window: { from, to }, anchor }: Scene): Measured => {
  const found = baseline.value({ resource: resource.id, from, to, anchor });
  return found === undefined ? missing : { value: found.power, quality: found.tooFewDays ? 'ESTIMATED' : 'OK' };
};
const inHours = ({ from, to }: Window): number => (to - from) / hours(1);
const baselineEnergy = (scene: Scene): Measured => scaled(baselinePower(scene), inHours(scene.window));

const above = (measured: Measured, least: number): Measured => ({
  ...measured,
  value: measured.value === undefined ? undefined : Math.max(0, measured.value - least),
});
const minus = (a: Measured, b: Measured): Measured =>
  a.value === undefined || b.value === undefined
    ? { value: undefined, quality: worse(a.quality, b.quality) === 'BAD' ? 'BAD' : 'MISSING' }
    : { value: a.value - b.value, quality: worse(a.quality, b.quality) };

/** As a number, its place among the words. */
const operatingState = ({ readings, window, mode = 'normal', resource: { pMax } }: Scene): Measured => {
  const { value } = lastPower(readings, window);
  const word = operatingWord(mode, value === undefined ? undefined : watts(value), pMax);
  return { value: OPERATING_STATES.indexOf(word), quality: 'OK' };
};

/** Report payload types (Definition, report enumerations) and how each is answered; the first row that fits does. */
const ROWS: readonly Row[] = [
  {
    payloads: ['READING'],
    readingTypes: DIRECT,
    dimension: 'power',
    about: 'past',
    measure: past(lastPower),
    isOfMoment: true,
    aggregate: 'sum',
  },
  {
    payloads: ['READING'],
    readingTypes: DIRECT,
    dimension: 'energy',
    about: 'past',
    measure: past(counterReading),
    aggregate: 'sum',
  },
  {
    payloads: ['READING', 'DEMAND'],
    readingTypes: MEANS,
    dimension: 'power',
    about: 'past',
    measure: past(meanPower),
    aggregate: 'sum',
  },
  {
    payloads: ['READING', 'DEMAND'],
    readingTypes: ['PEAK'],
    dimension: 'power',
    about: 'past',
    measure: past(peakPower),
    aggregate: 'sum of peaks',
  },
  { payloads: ['DEMAND'], readingTypes: DIRECT, dimension: 'power', about: 'past', measure: past(meanPower), aggregate: 'sum' },
  {
    payloads: ['USAGE', 'READING'],
    readingTypes: [...DIRECT, 'SUMMED'],
    dimension: 'energy',
    about: 'past',
    measure: past(importEnergy),
    aggregate: 'sum',
  },
  {
    payloads: ['DELTA_USAGE'],
    readingTypes: [...DIRECT, 'SUMMED'],
    dimension: 'energy',
    about: 'past',
    measure: (scene) => minus(importEnergy(scene.readings, scene.window), baselineEnergy(scene)),
    aggregate: 'sum',
  },
  {
    payloads: ['DEMAND'],
    readingTypes: [...DIRECT, ...MEANS, 'FORECAST'],
    dimension: 'power',
    about: 'future',
    measure: baselinePower,
    aggregate: 'sum',
  },
  {
    payloads: ['USAGE'],
    readingTypes: [...DIRECT, 'SUMMED', 'FORECAST'],
    dimension: 'energy',
    about: 'future',
    measure: baselineEnergy,
    aggregate: 'sum',
  },
  {
    payloads: ['BASELINE', 'USAGE_FORECAST'],
    readingTypes: [],
    dimension: 'energy',
    about: 'any',
    measure: baselineEnergy,
    aggregate: 'sum',
  },
  {
    payloads: ['BASELINE', 'USAGE_FORECAST'],
    readingTypes: [],
    dimension: 'power',
    about: 'any',
    measure: baselinePower,
    aggregate: 'sum',
  },
  {
    payloads: ['LOAD_SHED_DELTA_AVAILABLE'],
    readingTypes: [],
    dimension: 'power',
    about: 'past',
    measure: (scene) => above(meanPower(scene.readings, scene.window), scene.resource.pMin),
    aggregate: 'sum',
  },
  {
    payloads: ['LOAD_SHED_DELTA_AVAILABLE'],
    readingTypes: [],
    dimension: 'power',
    about: 'future',
    measure: (scene) => above(baselinePower(scene), scene.resource.pMin),
    aggregate: 'sum',
  },
  {
    payloads: ['STORAGE_CHARGE_LEVEL'],
    readingTypes: DIRECT,
    dimension: 'ratio',
    about: 'past',
    measure: past(chargeLevel),
    isOfMoment: true,
    aggregate: 'mean by capacity',
  },
  {
    payloads: ['OPERATING_STATE'],
    readingTypes: [],
    about: 'past',
    measure: operatingState,
    word: ({ value = 0 }) => OPERATING_STATES[value] as OperatingState,
  },
];

/** DATA_QUALITY is no answer of its own: it goes with each of the others. */
export const DATA_QUALITY = 'DATA_QUALITY';

/** @returns how to answer a request, or why it cannot be: then it is left out of the report. */
export function answerTo(request: ReportRequest): Answer | { readonly refused: string } {
  const { payloadType, units, historical, aggregate } = request;
  const rows = ROWS.filter(({ payloads }) => payloads.includes(payloadType));
  if (rows.length === 0) return { refused: `the payload type ${payloadType} is not known to this agent` };
  const inTime = rows.filter(({ about }) => about === 'any' || about === (historical ? 'past' : 'future'));
  if (inTime.length === 0) return { refused: `${payloadType} cannot be ${historical ? 'told of the past' : 'forecast'}` };
  const reading = readingTypeOf(request);
  const read = inTime.filter(({ readingTypes }) => readingTypes.length === 0 || readingTypes.includes(reading));
  if (read.length === 0) return { refused: `${payloadType} has no reading type ${reading} here` };
  const unit = units === undefined || units === '' ? undefined : unitNamed(units);
  if (unit === undefined && units !== undefined && units !== '')
    return { refused: `the unit ${units} is not known to this agent` };
  const row = unit === undefined ? read[0] : read.find(({ dimension }) => dimension === unit.dimension);
  if (row === undefined) return { refused: `${payloadType} (${reading}) cannot be given in ${units}` };
  if (aggregate && row.aggregate === undefined) return { refused: `${payloadType} of several resources cannot be made into one` };
  return {
    unit: row.dimension === undefined ? undefined : (unit ?? usualUnit(row.dimension)),
    measure: row.measure,
    isOfMoment: row.isOfMoment ?? false,
    ...(row.aggregate === undefined ? {} : { aggregate: row.aggregate }),
    ...(row.word === undefined ? {} : { word: row.word }),
  };
}

/** The window of an interval: readings count as neighbours when at most one of them in between is lost. */
export function windowOf({ readInterval }: Pick<ReportedResource, 'readInterval'>, from: Instant, to: Instant): Window {
  return { from, to, maxGap: Math.max(readInterval * 2.5, LEAST_GAP) as Duration };
}

/** Jitter of a meter and its bus. */
const LEAST_GAP = 30_000;

/** A forecast of what has no end looks a day ahead. */
export const longestForecast = (start: Instant): Instant => instant(start + hours(24));
