import type {
  Audit,
  AuditQuery,
  Delta,
  EventDetail,
  EventList,
  Overview,
  ReportPage,
  ReportQuery,
  ResourceDetail,
  ResourceSummary,
  Series,
  Session,
  VenDetail,
  VenSummary,
} from '@venfleet/console-api';
import {
  type ConsoleBackend,
  type ConsoleUser,
  Deltas,
  fleetTotals,
  formOf,
  type Seen,
  SeriesRing,
  timesOf,
} from '@venfleet/console-api/server';
import { type Clock, isVenfleetError } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { ControlState } from '../control/model.js';
import { explanationText, type ResourceExplanation } from '../dispatch/explain.js';
import type { ReadingSource } from '../readings/reading.js';
import { groupRequests } from '../reporting/request.js';
import { totalOf } from './before-events.js';
import { type Feeds, type SharedEvent, sharedEvents } from './events.js';
import { FleetLoads, resourceSeries, STEP, STEPS } from './fleet-loads.js';
import type { OutboxView, ReportNames } from './outbox-view.js';
import { venSummary } from './ven-summary.js';

export interface AgentConsolePorts {
  readonly vens: ReadonlyMap<string, readonly Resource[]>;
  readonly readings: ReadingSource;
  /** The events of a VEN; undefined where it hears none. */
  readonly feeds: Feeds;
  readonly controllers: () => Iterable<ControlState>;
  /** @throws VenfleetError where a resource is not controlled */
  readonly explain?: ((resource: string) => ResourceExplanation) | undefined;
  readonly outbox: OutboxView;
  readonly clock: Clock;
}

/** So many of the newest values may still change. */
const OPEN_STEPS = 3;
const NOTHING = { requestedW: null, deliveredW: null, requestedWh: null, deliveredWh: null, known: 0, expected: 0, missing: 0 };

/** The console's view of an agent: what its meters say, what its VENs were told, and what they do about it. */
export class AgentConsole implements ConsoleBackend {
  readonly loads: FleetLoads;
  readonly #ports: AgentConsolePorts;
  readonly #deltas = new Deltas();

  constructor(ports: AgentConsolePorts) {
    this.#ports = ports;
    this.loads = new FleetLoads(ports.vens, ports.readings, ports.clock);
  }

  close(): void {
    this.loads.close();
  }

  session({ name }: ConsoleUser): Session {
    const names = [...this.#ports.vens.keys()];
    return {
      server: 'agent',
      name: names.length === 1 ? (names[0] as string) : `${names.length} VENs`,
      user: name,
      abilities: { writeEvents: false, audit: true, faults: false },
      serverAt: this.#now,
    };
  }

  overview(): Overview {
    this.loads.look();
    const { now, totals, vens, events } = this.#seen();
    return { serverAt: now, totals, vens: [...vens], events: [...events] };
  }

  delta(): Delta | undefined {
    this.loads.look();
    return this.#deltas.next(this.#seen());
  }

  fleetSeries(): Series {
    this.loads.look();
    return this.#total(this.#ports.vens.keys(), STEPS);
  }

  venSeries(id: string): Series | undefined {
    this.loads.look();
    return this.#ports.vens.has(id) ? this.#total([id], STEPS) : undefined;
  }

  ven(id: string): VenDetail | undefined {
    this.loads.look();
    const resources = this.#ports.vens.get(id);
    if (resources === undefined) return undefined;
    const states = this.#states();
    const resourceList = resources
      .map((resource) => this.#resource(resource, states.get(resource.id)))
      .sort((a, b) => (a.description ?? '').localeCompare(b.description ?? ''));
    return { ...this.#summary(id, resources, this.#events()), targets: [], resourceList };
  }

  resource(id: string): ResourceDetail | undefined {
    this.loads.look();
    const resource = [...this.#ports.vens.values()].flat().find(({ resourceId }) => resourceId === id);
    if (resource === undefined) return undefined;
    const { ven, position, pMax, pMin, address, meterPointId } = resource;
    return {
      ...this.#resource(resource, this.#states().get(resource.id)),
      venId: ven,
      ven,
      position,
      maxPowerW: pMax,
      address,
      meterPointId,
      attributes: [{ type: 'P_MIN_KW', text: String(pMin / 1000) }],
      series: resourceSeries(this.#ports.readings, resource.id, this.#now).series(),
      explanation: this.#explanation(id),
    };
  }

  events(): EventList {
    const problems = [...this.#ports.vens.keys()].flatMap((ven) => this.#ports.feeds(ven)?.unreadable() ?? []);
    return {
      events: this.#events().map(({ summary }) => summary),
      problems: [...new Set(problems)].map((id) => ({ id, mistakes: ['cannot be understood; the log says why'] })),
    };
  }

  event(id: string): EventDetail | undefined {
    const found = this.#events().find(({ summary }) => summary.id === id);
    const [ven] = found?.vens ?? [];
    const record =
      ven === undefined
        ? undefined
        : this.#ports
            .feeds(ven)
            ?.known()
            .find(({ event }) => event.id === id);
    if (found === undefined || record === undefined) return undefined;
    const form = formOf(record.event, found.summary.program, timesOf(record.event, record.seenAt));
    return { ...found.summary, form, total: NOTHING, performance: [] };
  }

  reports(query: ReportQuery): ReportPage {
    return this.#ports.outbox.reports(query, this.#names);
  }

  async audit(query: AuditQuery): Promise<Audit> {
    return this.#ports.outbox.audit(query, this.#names);
  }

  get #now() {
    return this.#ports.clock.now();
  }

  #events(): SharedEvent[] {
    return sharedEvents(this.#ports.vens.keys(), this.#ports.feeds, this.#now);
  }

  /** What reports are about, for people. */
  get #names(): ReportNames {
    const events = new Map(this.#events().map(({ event }) => [event.id, event]));
    return {
      event: (id) => events.get(id)?.name ?? null,
      payloadTypes(id, request) {
        const group = groupRequests(events.get(id)?.reportRequests ?? []).find(({ key }) => key === request);
        return group === undefined ? [] : [...new Set(group.requests.map(({ payloadType }) => payloadType))];
      },
    };
  }

  #states(): ReadonlyMap<number, ControlState> {
    return new Map([...this.#ports.controllers()].map((state) => [state.resource.id, state]));
  }

  #seen(): Seen {
    const now = this.#now;
    const events = this.#events();
    const vens = [...this.#ports.vens].map(([name, resources]) => this.#summary(name, resources, events));
    const { startAt, loadW, baselineW } = this.#total(this.#ports.vens.keys(), OPEN_STEPS);
    const points = loadW.map((load, i) => ({ startAt: startAt + i * STEP, loadW: load, baselineW: baselineW[i] ?? null }));
    const recent = events.filter(({ summary: { endAt } }) => endAt === null || endAt >= now - STEP * STEPS);
    const activeEvents = events.filter(({ summary }) => summary.state === 'active' && summary.changesLoad).length;
    return {
      now,
      totals: fleetTotals(vens, { activeEvents, reports: 0 }),
      vens,
      events: recent.map(({ summary }) => summary),
      points,
    };
  }

  /** The last steps of these VENs together. */
  #total(names: Iterable<string>, steps: number): Series {
    const sum = new SeriesRing(STEP, STEPS);
    const last = sum.stepAt(this.#now);
    const events = this.#events();
    const vens = [...names].map((name) => ({
      ring: this.loads.ring(name),
      events: events.filter(({ vens: own }) => own.has(name)),
    }));
    return totalOf(vens, sum, last - steps + 1, last);
  }

  #summary(name: string, resources: readonly Resource[], events: readonly SharedEvent[]): VenSummary {
    return venSummary({ name, resources, events, loads: this.loads, feed: this.#ports.feeds(name), now: this.#now });
  }

  #resource(resource: Resource, control: ControlState | undefined): ResourceSummary {
    const load = this.loads.of(resource);
    const isLimited = typeof control?.held === 'number';
    const state =
      control?.problem !== undefined ? 'problem' : load === undefined ? 'silent' : isLimited ? 'limited' : 'reporting';
    return {
      id: resource.resourceId,
      name: resource.resourceId,
      description: resource.name,
      type: resource.type,
      subType: resource.subType,
      state,
      powerW: load === undefined ? null : Math.round(load.power),
      lastReportAt: this.loads.lastAt(resource) ?? null,
    };
  }

  #explanation(resource: string): string[] {
    const { explain } = this.#ports;
    if (explain === undefined) return ['this agent controls nothing'];
    try {
      return explanationText(explain(resource)).split('\n');
    } catch (error) {
      if (isVenfleetError(error)) return [error.message];
      throw error;
    }
  }
}
