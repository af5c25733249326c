import { setImmediate } from 'node:timers/promises';
import { type Instant, instant, milliseconds } from '@venfleet/core';
import {
  AGGREGATED_REPORT,
  type Attribute,
  type ReportDraft,
  type ReportInterval,
  type ReportRequest,
  type ReportValueDescriptor,
  type Span,
} from '@venfleet/openadr';
import type { Baseline } from '../baseline/baseline.js';
import type { OperatingMode } from '../planning/operating-state.js';
import type { ReadingSource } from '../readings/reading.js';
import { type Answer, answerTo, DATA_QUALITY, longestForecast, type ReportedResource, type Scene, windowOf } from './payloads.js';
import { type Measured, missing, type Quality, sumOf, worse } from './quality.js';
import { readingTypeOf } from './request.js';
import { inUnit } from './units.js';

/** The content of a report: who said what when. */
export type ReportContent = Pick<ReportDraft, 'descriptors' | 'resources'>;

/** A request with the way to answer it and the resources that it is about. */
export interface AnsweredRequest {
  readonly request: ReportRequest;
  readonly answer: Answer;
  readonly resources: readonly ReportedResource[];
}

/** What the values come from. */
export interface ValueSources {
  readonly readings: Pick<ReadingSource, 'around'>;
  readonly baseline: Baseline;
  /** What events had come to for a resource at a time; absent for an agent that controls nothing. */
  readonly modeAt?: ((resource: number, at: Instant) => OperatingMode | undefined) | undefined;
}

/** Sorts requests into those that can be answered and those that cannot, with the reason. */
export function answerable(requests: readonly ReportRequest[]): {
  readonly answers: readonly { readonly request: ReportRequest; readonly answer: Answer }[];
  readonly refused: readonly { readonly request: ReportRequest; readonly reason: string }[];
} {
  const asked = requests
    .filter(({ payloadType }) => payloadType !== DATA_QUALITY)
    .map((request) => ({ request, answer: answerTo(request) }));
  return {
    answers: asked.flatMap(({ request, answer }) => ('refused' in answer ? [] : [{ request, answer }])),
    refused: asked.flatMap(({ request, answer }) => ('refused' in answer ? [{ request, reason: answer.refused }] : [])),
  };
}

/** One value on its way into a report. */
interface Cell {
  readonly type: string;
  readonly values: readonly (number | string)[];
  readonly quality: Quality;
}

/**
 * Computes a report. Other work gets its turn between resources, as a report may be about hundreds.
 * @param spans the intervals to tell of
 * @param anchor when the event began: what the baseline leaves out
 * @param alwaysQuality whether DATA_QUALITY was asked for, and is told even where it is OK
 */
export async function buildContent(
  answers: readonly AnsweredRequest[],
  spans: readonly Span[],
  sources: ValueSources,
  { anchor, alwaysQuality }: { readonly anchor: Instant; readonly alwaysQuality: boolean },
): Promise<ReportContent> {
  const single = answers.filter(({ request }) => !request.aggregate);
  const summed = answers.filter(({ request }) => request.aggregate);
  const all = new Map(answers.flatMap(({ resources }) => resources).map((resource) => [resource.id, resource]));
  const parts = new Map(summed.map((answered) => [answered, spans.map((): WeightedPart[] => [])]));
  const resources: { name: string; intervals: ReportInterval[] }[] = [];
  for (const resource of all.values()) {
    const own = single.filter((answered) => answered.resources.includes(resource));
    const shared = summed.filter((answered) => answered.resources.includes(resource));
    const intervals = spans.flatMap((span, i) => {
      const scene = sceneOf(resource, span, sources, anchor);
      for (const answered of shared) {
        parts.get(answered)?.[i]?.push({ measured: answered.answer.measure(scene), weight: resource.eMax });
      }
      const cells = own.map(({ request, answer }) => cellOf(request.payloadType, answer, answer.measure(scene)));
      return intervalsOf(span, cells, alwaysQuality);
    });
    if (intervals.length > 0) resources.push({ name: resource.name, intervals });
    await setImmediate();
  }
  const sums = spans.flatMap((span, i) => {
    const cells = summed.map((answered) => {
      const { request, answer } = answered;
      return cellOf(request.payloadType, answer, combined(answer.aggregate, parts.get(answered)?.[i] ?? []));
    });
    return intervalsOf(span, cells, alwaysQuality);
  });
  if (sums.length > 0) resources.push({ name: AGGREGATED_REPORT, intervals: sums });
  const descriptors = new Map(answers.map(descriptorOf).map((descriptor) => [JSON.stringify(descriptor), descriptor]));
  return { descriptors: [...descriptors.values()], resources };
}

function sceneOf(resource: ReportedResource, span: Span, { readings, baseline, modeAt }: ValueSources, anchor: Instant): Scene {
  const to = span.end === 'forever' ? longestForecast(span.start) : span.end;
  const window = windowOf(resource, span.start, to);
  // An interval without length is about its moment: the reading before it is the one.
  const until = to > span.start ? to : instant(to + 1);
  let around: ReturnType<ReadingSource['around']> | undefined;
  return {
    resource,
    window,
    get readings() {
      around ??= readings.around(resource.id, span.start, until);
      return around;
    },
    baseline,
    get mode() {
      // Of the interval's last moment: at its end the next one may have begun.
      return modeAt?.(resource.id, instant(until - 1));
    },
    anchor,
  };
}

interface WeightedPart {
  readonly measured: Measured;
  readonly weight: number;
}

function combined(how: Answer['aggregate'], parts: readonly WeightedPart[]): Measured {
  const sum = sumOf(parts.map(({ measured }) => measured));
  if (how === 'sum') return sum;
  if (how === 'sum of peaks') {
    // Peaks of several sites need not come at the same moment: their sum is an upper bound.
    return { ...sum, quality: parts.length > 1 && sum.quality === 'OK' ? 'ESTIMATED' : sum.quality };
  }
  const known = parts.filter(({ measured }) => measured.value !== undefined);
  const weight = known.reduce((total, part) => total + part.weight, 0);
  if (weight === 0) return { ...missing, quality: worse(sum.quality, 'MISSING') };
  const value = known.reduce((total, part) => total + part.weight * (part.measured.value as number), 0) / weight;
  return { value, quality: sum.quality };
}

function cellOf(type: string, { unit, word }: Answer, measured: Measured): Cell {
  const { value, quality } = measured;
  if (word !== undefined) return { type, values: [word(measured)], quality };
  // Absent is not 0: there is no value at all, and DATA_QUALITY says why.
  return { type, values: value === undefined || unit === undefined ? [] : [inUnit(value, unit)], quality };
}

/**
 * A DATA_QUALITY payload stands beside exactly one data payload (Definition, DATA_QUALITY): a value that is not OK gets
 * an interval object of its own, with the same id.
 */
function intervalsOf(span: Span, cells: readonly Cell[], alwaysQuality: boolean): ReportInterval[] {
  const duration = span.end === 'forever' ? 'forever' : milliseconds(span.end - span.start);
  const interval = (payloads: Attribute[]): ReportInterval => ({ id: span.id, start: span.start, duration, payloads });
  const plain = alwaysQuality ? [] : cells.filter(({ quality }) => quality === 'OK');
  const marked = cells.filter((cell) => !plain.includes(cell));
  return [
    ...(plain.length === 0 ? [] : [interval(plain.map(({ type, values }) => ({ type, values })))]),
    ...marked.map(({ type, values, quality }) =>
      interval([
        { type, values },
        { type: DATA_QUALITY, values: [quality] },
      ]),
    ),
  ];
}

function descriptorOf({ request, answer }: AnsweredRequest): ReportValueDescriptor {
  const units = answer.unit?.name;
  return {
    payloadType: request.payloadType,
    readingType: readingTypeOf(request),
    ...(units === undefined || units === '' ? {} : { units }),
  };
}
