import { hours, type Instant, instant, type Random, seconds, wattHours, watts } from '@venfleet/core';
import { type FakeClock, MemoryLogger, sequenceRandom } from '@venfleet/core/testing';
import { type ReportRequest, VtnError } from '@venfleet/openadr';
import { type Baseline, tenInTen } from '../../src/baseline/baseline.js';
import { isDanishHoliday, localCalendar } from '../../src/baseline/calendar.js';
import type { Reading, ReadingSource } from '../../src/readings/reading.js';
import { ReportingEngine, type ReportingOptions } from '../../src/reporting/engine.js';
import type { ReportableEvent } from '../../src/reporting/event.js';
import type { VenResourceInfo } from '../../src/reporting/prepared.js';
import type { OutgoingReport, ReportPort } from '../../src/reporting/sender.js';
import type { VenOutbox } from '../../src/reporting/ven-outbox.js';

export const HOUR = hours(1);
/** A Monday, 00:00 in UTC. */
export const MIDNIGHT = instant(Date.parse('2026-06-15T00:00:00Z'));
export const at = (time: string): Instant => instant(Date.parse(`2026-06-15T${time.length === 5 ? `${time}:00` : time}Z`));

/** Readings kept in an array for each resource, in time order. */
export class MemoryReadings implements ReadingSource {
  readonly all = new Map<number, Reading[]>();

  add(...readings: Reading[]): this {
    for (const reading of readings) {
      const list = this.all.get(reading.resource) ?? [];
      list.push(reading);
      list.sort((a, b) => a.at - b.at);
      this.all.set(reading.resource, list);
    }
    return this;
  }

  around(resource: number, from: Instant, to: Instant): Reading[] {
    const list = this.all.get(resource) ?? [];
    const first = list.findIndex((reading) => reading.at >= from);
    const last = list.findIndex((reading) => reading.at >= to);
    return list.slice(Math.max(0, (first === -1 ? list.length : first) - 1), last === -1 ? list.length : last + 1);
  }

  latest(resource: number): Reading | undefined {
    return this.all.get(resource)?.at(-1);
  }
}

export function reading(time: Instant, power: number | undefined, energy?: number, extra: Partial<Reading> = {}): Reading {
  return {
    resource: 1,
    at: time,
    power: power === undefined ? undefined : watts(power),
    importEnergy: energy === undefined ? undefined : wattHours(energy),
    exportEnergy: undefined,
    flags: 0,
    ...extra,
  };
}

/** A meter that draws `powerW` all the time and is read every ten seconds, also a moment after the end of any span. */
export function steadyReadings(powerW: number, resource = 1): ReadingSource {
  const step = seconds(10);
  const read = (time: number): Reading =>
    reading(instant(time), powerW, (powerW * (time - MIDNIGHT)) / HOUR + 1_000_000, { resource });
  return {
    around(asked, from, to) {
      if (asked !== resource) return [];
      const found: Reading[] = [];
      for (let t = Math.ceil(from / step) * step - step; ; t += step) {
        found.push(read(t));
        if (t >= to) return found;
      }
    },
    latest: (asked) => (asked === resource ? read(MIDNIGHT + 100 * 24 * HOUR) : undefined),
  };
}

export function resourceInfo(id: number, extra: Partial<VenResourceInfo> = {}): VenResourceInfo {
  return {
    id,
    name: `resource-${id}`,
    pMin: watts(0),
    pMax: watts(25_000),
    eMax: wattHours(100_000),
    readInterval: seconds(10),
    targets: [],
    ...extra,
  };
}

export function request(payloadType: string, extra: Partial<ReportRequest> = {}): ReportRequest {
  return {
    payloadType,
    targets: [],
    aggregate: false,
    startInterval: -1,
    numIntervals: -1,
    historical: true,
    frequency: -1,
    repeat: 1,
    reportIntervals: 'INTERVALS',
    ...extra,
  };
}

/** An event of `count` hourly intervals from midnight. */
export function hourlyEvent(
  id: string,
  count: number,
  requests: ReportRequest[],
  extra: Partial<ReportableEvent> = {},
): ReportableEvent {
  return {
    id,
    programId: 'program-1',
    targets: [],
    start: MIDNIGHT,
    length: HOUR,
    duration: undefined,
    intervals: Array.from({ length: count }, (_, i) => ({ id: i, start: instant(MIDNIGHT + i * HOUR), duration: HOUR })),
    reportRequests: requests,
    ...extra,
  };
}

export const noBaseline: Baseline = { value: () => undefined };
export const calendar = localCalendar('Europe/Copenhagen', isDanishHoliday);
export { tenInTen };

export type PortFault = 'unreachable' | 'lost' | 'refused' | 'gone' | 'conflict' | 'busy';

/** What a VTN does with reports, in memory: it keeps them by id and lets names be used twice, as OpenADR allows. */
export class MemoryVtn implements ReportPort {
  readonly reports: { id: string; name: string; report: OutgoingReport }[] = [];
  /** Called before each creation: what goes wrong, if anything. */
  fault: (creation: number) => PortFault | undefined = () => undefined;
  finds = 0;
  #creations = 0;

  async create(report: OutgoingReport): Promise<string> {
    const fault = this.fault(++this.#creations);
    if (fault === 'unreachable') throw new VtnError('VTN_UNREACHABLE', 'no VTN');
    if (fault === 'busy') throw new VtnError('VTN_PROBLEM', 'busy', { status: 429, retryAfter: seconds(120) });
    if (fault === 'refused') throw new VtnError('VTN_PROBLEM', 'not like this', { status: 400 });
    if (fault === 'gone') throw new VtnError('VTN_PROBLEM', 'no such event', { status: 404 });
    const id = `report-${this.reports.length + 1}`;
    this.reports.push({ id, name: report.name, report });
    if (fault === 'conflict') throw new VtnError('VTN_PROBLEM', 'name taken', { status: 409 });
    if (fault === 'lost') throw new VtnError('VTN_UNREACHABLE', 'connection reset', { ambiguous: true });
    return id;
  }

  async find({ name }: { readonly name: string }): Promise<string | undefined> {
    this.finds++;
    return this.reports.find((report) => report.name === name)?.id;
  }

  /** The ids of the intervals that each report is about, in the order of arrival. */
  get covered(): string[] {
    return this.reports.map(({ report }) => {
      const ids = report.content.resources[0]?.intervals.map(({ id }) => id) ?? [];
      return `${ids[0]}-${ids.at(-1)}`;
    });
  }
}

export interface Bench {
  readonly clock: FakeClock;
  readonly vtn: MemoryVtn;
  readonly logger: MemoryLogger;
  readonly engine: ReportingEngine;
}

/** An engine of one VEN with one steady meter of 2 kW. */
export function engineOf(
  outbox: VenOutbox,
  clock: FakeClock,
  vtn: ReportPort,
  extra: Partial<ReportingOptions> = {},
  random: Random = sequenceRandom(0.5),
): { engine: ReportingEngine; logger: MemoryLogger } {
  const logger = new MemoryLogger();
  const engine = new ReportingEngine({
    ven: { name: 'Aalborg', targets: [], resources: [resourceInfo(1)] },
    outbox,
    port: vtn,
    sources: { readings: steadyReadings(2000), baseline: noBaseline },
    clock,
    random,
    logger,
    ...extra,
  });
  return { engine, logger };
}
