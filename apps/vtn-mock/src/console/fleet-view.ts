import type { EventSummary, FleetTotals, Overview, Series, VenState, VenSummary } from '@venfleet/console-api';
import {
  eventFacts,
  fleetTotals,
  labelOf,
  payloadsAt,
  requestedOf,
  type Seen,
  SeriesRing,
  stateAt,
} from '@venfleet/console-api/server';
import type { BookedEvent } from './event-book.js';
import type { Known } from './live-model.js';
import type { KnownVen } from './ven-index.js';
import { STEP, STEPS, type VenLoad } from './ven-load.js';

/** A VEN is silent when no report has come for so many times as long as it should take, and so many ms at the least. */
const PATIENCE = 2.5;
const LEAST_PATIENCE_MS = 60_000;
const MOST_EVENTS = 500;
/** So many of the fleet's newest values may still change, as reports come in one VEN after the other. */
const OPEN_STEPS = 12;
/** Events that were over before the series begin are of no use to those who look at what is now. */
const RECENT_MS = STEP * STEPS;

const whole = (value: number | undefined): number | null => (value === undefined ? null : Math.round(value));

/** What an event has a VEN do now. */
interface Doing {
  readonly booked: BookedEvent;
  readonly requestedW: number | undefined;
  readonly deliveredW: number | undefined;
}

/** How the fleet is at one time. */
export class FleetView {
  readonly #known: Known;
  readonly #now: number;
  readonly #active: readonly BookedEvent[];
  readonly vens: readonly VenSummary[];
  readonly #byEvent = new Map<string, { requestedW: number | undefined; deliveredW: number | undefined }>();

  constructor(known: Known, now: number) {
    this.#known = known;
    this.#now = now;
    this.#active = known.events.all().filter(({ times }) => stateAt(times, now) === 'active');
    this.vens = known.vens.all().map((ven) => this.#summary(ven));
  }

  /** For those who follow what changes. */
  seen(): Seen {
    const { startAt, stepMs, loadW, baselineW } = fleetSeries(this.#known, this.#now, OPEN_STEPS);
    const points = loadW.map((load, i) => ({ startAt: startAt + i * stepMs, loadW: load, baselineW: baselineW[i] ?? null }));
    return { now: this.#now, totals: this.totals(), vens: this.vens, events: this.recentEvents(), points };
  }

  overview(): Overview {
    return { serverAt: this.#now, totals: this.totals(), vens: [...this.vens], events: this.recentEvents() };
  }

  totals(): FleetTotals {
    const activeEvents = this.#active.filter(({ times }) => times.changesLoad).length;
    return fleetTotals(this.vens, { activeEvents, reports: this.#known.reports });
  }

  /** Those that are on or coming, or were within the hours that are drawn. */
  recentEvents(): EventSummary[] {
    const since = this.#now - RECENT_MS;
    return this.#inOrder(this.#known.events.all().filter(({ times: { endAt } }) => endAt === null || endAt >= since));
  }

  allEvents(): EventSummary[] {
    return this.#inOrder(this.#known.events.all());
  }

  event(booked: BookedEvent): EventSummary {
    const { event, times, program } = booked;
    const isActive = stateAt(times, this.#now) === 'active';
    const said = isActive ? payloadsAt(event, times, this.#now) : undefined;
    const sums = isActive ? this.#byEvent.get(event.id) : undefined;
    return {
      ...eventFacts(event, times, said, this.#now),
      program,
      periods: this.#periodsOf(booked),
      vens: this.#known.vens.all().filter((ven) => this.#known.events.scopeOf(booked, ven) > 0).length,
      requestedW: whole(sums?.requestedW),
      deliveredW: whole(sums?.deliveredW),
    };
  }

  /** Of one cancelled before anybody looked only its reports say when it was on. */
  #periodsOf({ event, times, periods }: BookedEvent) {
    const since = this.#known.measuredSince.get(event.id);
    if (periods.length > 0 || since === undefined || times.endAt === null || since >= times.endAt) return [...periods];
    return [{ startAt: since, endAt: times.endAt, label: labelOf(event.intervals[0]?.payloads ?? []) }];
  }

  #inOrder(events: readonly BookedEvent[]): EventSummary[] {
    const isOver = ({ times }: BookedEvent) => Number(['completed', 'cancelled'].includes(stateAt(times, this.#now)));
    const written = ({ event }: BookedEvent) => event.createdAt ?? 0;
    return [...events]
      .sort((a, b) => isOver(a) - isOver(b) || written(b) - written(a))
      .slice(0, MOST_EVENTS)
      .map((booked) => this.event(booked));
  }

  #summary(ven: KnownVen): VenSummary {
    const load = this.#known.loads.get(ven.id);
    const asked = this.#active.filter((booked) => this.#known.events.scopeOf(booked, ven) > 0);
    const doing = asked.filter(({ times }) => times.changesLoad).map((booked) => this.#doing(booked, load));
    // Several events may want the same watts: the largest wish counts.
    const [most] = [...doing].sort((a, b) => (b.requestedW ?? -1) - (a.requestedW ?? -1));
    const now = load?.loadAt(this.#now);
    return {
      id: ven.id,
      name: ven.name,
      position: ven.position,
      resources: ven.resources.length,
      maxPowerW: ven.maxPowerW,
      state: this.#stateOf(asked, doing.length > 0, load),
      lastReportAt: load?.lastReportAt ?? null,
      loadW: whole(now?.power),
      baselineW: whole(load?.baselineAt(this.#now)?.power),
      loadAt: now?.end ?? null,
      requestedW: whole(most?.requestedW),
      deliveredW: whole(most?.deliveredW),
      events: doing.map(({ booked }) => booked.event.id),
    };
  }

  #doing(booked: BookedEvent, load: VenLoad | undefined): Doing {
    const { event, times } = booked;
    const sample = load?.sampleOf(event.id, this.#now);
    const baseline = sample?.baseline ?? load?.baselineAt(this.#now)?.power ?? load?.loadAt(this.#now)?.power;
    const said = payloadsAt(event, times, this.#now);
    const requestedW = baseline === undefined || said === undefined ? undefined : requestedOf(said, { baseline });
    const deliveredW = sample === undefined ? undefined : sample.baseline - sample.load;
    const sums = this.#byEvent.get(event.id) ?? { requestedW: undefined, deliveredW: undefined };
    if (requestedW !== undefined) sums.requestedW = (sums.requestedW ?? 0) + requestedW;
    if (deliveredW !== undefined) sums.deliveredW = (sums.deliveredW ?? 0) + deliveredW;
    this.#byEvent.set(event.id, sums);
    return { booked, requestedW, deliveredW };
  }

  #stateOf(asked: readonly BookedEvent[], inEvent: boolean, load: VenLoad | undefined): VenState {
    const reporting = asked.flatMap(({ times: { reportedEvery, startAt }, event }) =>
      reportedEvery === undefined ? [] : [{ every: reportedEvery, since: Math.max(startAt ?? 0, event.createdAt ?? 0) }],
    );
    if (reporting.length > 0) {
      const every = Math.min(...reporting.map((one) => one.every));
      const last = Math.max(load?.lastReportAt ?? 0, Math.min(...reporting.map(({ since }) => since)));
      if (this.#now - last > Math.max(LEAST_PATIENCE_MS, PATIENCE * every)) return 'silent';
    }
    if (inEvent) return 'in-event';
    return load?.lastReportAt !== undefined && (reporting.length > 0 || load.loadAt(this.#now) !== undefined)
      ? 'reporting'
      : 'registered';
  }
}

/**
 * All VENs together: each value stands until the VEN's next, for as long as it is held. Where only some have a baseline, the
 * load of the others stands for theirs.
 */
export function fleetSeries({ loads }: Known, now: number, steps = STEPS): Series {
  const sum = new SeriesRing(STEP, STEPS);
  const last = sum.stepAt(now) - 1;
  const told = new Set<number>();
  for (const load of loads.values()) addUp(sum, told, load, last - steps + 1, last);
  const series = sum.series(last);
  const first = series.startAt / STEP;
  return { ...series, baselineW: series.baselineW.map((value, i) => (told.has(first + i) ? value : null)) };
}

/** @param told the steps that anybody's baseline is known of */
function addUp(sum: SeriesRing, told: Set<number>, { ring, heldMs }: VenLoad, first: number, last: number): void {
  const held = Math.ceil(heldMs / STEP);
  let [load, baseline, loadStep, baselineStep] = [Number.NaN, Number.NaN, 0, 0];
  for (let step = first - held; step <= last; step++) {
    const [newLoad, newBaseline] = [ring.loadAt(step), ring.baselineAt(step)];
    if (!Number.isNaN(newLoad)) [load, loadStep] = [newLoad, step];
    if (!Number.isNaN(newBaseline)) [baseline, baselineStep] = [newBaseline, step];
    if (step < first || Number.isNaN(load) || step - loadStep > held) continue;
    const hasBaseline = !Number.isNaN(baseline) && step - baselineStep <= held;
    if (hasBaseline) told.add(step);
    sum.addLoad(step, load);
    sum.addBaseline(step, hasBaseline ? baseline : load);
  }
}
