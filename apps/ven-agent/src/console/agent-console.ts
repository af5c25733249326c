import type {
  Alarms,
  Audit,
  AuditQuery,
  Delta,
  EventDetail,
  EventList,
  EventSummary,
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
  titleOf,
} from '@venfleet/console-api/server';
import { type Clock, isVenfleetError } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { AlertView } from '../alerts/view.js';
import type { ControlState } from '../control/model.js';
import { explanationText, type ResourceExplanation } from '../dispatch/explain.js';
import type { MeterStatus } from '../metering/metering.js';
import type { ReadingSource } from '../readings/reading.js';
import { groupRequests } from '../reporting/request.js';
import { alarmsOf } from './alarms.js';
import { totalOf } from './before-events.js';
import { deliveriesOf, type FollowedVen, givenNow } from './deliveries.js';
import { type Feeds, type SharedEvent, sharedEvents } from './events.js';
import { FleetLoads, resourceSeries, STEP, STEPS } from './fleet-loads.js';
import type { OutboxView, ReportNames } from './outbox-view.js';
import { factsOf, problemsOf } from './resource-facts.js';
import { venSummary } from './ven-summary.js';

export interface AgentConsolePorts {
  readonly vens: ReadonlyMap<string, readonly Resource[]>;
  readonly readings: ReadingSource;
  /** The events of a VEN; undefined where it hears none. */
  readonly feeds: Feeds;
  readonly controllers: () => Iterable<ControlState>;
  readonly meters: () => Iterable<MeterStatus>;
  readonly alerts: () => readonly AlertView[];
  /** @throws VenfleetError where a resource is not controlled */
  readonly explain?: ((resource: string) => ResourceExplanation) | undefined;
  readonly outbox: OutboxView;
  readonly clock: Clock;
}

/** So many of the newest values may still change. */
const OPEN_STEPS = 3;

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
      abilities: { writeEvents: false, audit: true, faults: false, alarms: true },
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
    const { ven, position, pMax, address, meterPointId } = resource;
    const control = this.#states().get(resource.id);
    const meter = [...this.#ports.meters()].find((one) => one.resource.id === resource.id);
    return {
      ...this.#resource(resource, control),
      venId: ven,
      ven,
      position,
      maxPowerW: pMax,
      address,
      meterPointId,
      attributes: factsOf(resource, meter, control),
      problems: problemsOf(meter, control),
      series: resourceSeries(this.#ports.readings, resource.id, this.#now).series(),
      explanation: this.#explanation(id),
    };
  }

  events(): EventList {
    this.loads.look();
    const events = this.#events();
    const problems = [...this.#ports.vens.keys()].flatMap((ven) => this.#ports.feeds(ven)?.unreadable() ?? []);
    return {
      events: this.#told(events, this.#vens(events)),
      problems: [...new Set(problems)].map((id) => ({ id, mistakes: ['cannot be understood; the log says why'] })),
    };
  }

  event(id: string): EventDetail | undefined {
    this.loads.look();
    const all = this.#events();
    const found = all.find(({ summary }) => summary.id === id);
    if (found === undefined) return undefined;
    const vens = this.#followed([...found.vens], all);
    return {
      ...found.summary,
      ...givenNow(found, this.#vens(all)),
      ...deliveriesOf(found, vens, this.#now),
      form: formOf(found.event, found.summary.program, found.times),
    };
  }

  reports(query: ReportQuery): ReportPage {
    return this.#ports.outbox.reports(query, this.#names);
  }

  async audit(query: AuditQuery): Promise<Audit> {
    return this.#ports.outbox.audit(query, this.#names);
  }

  alarms(): Alarms {
    return alarmsOf(this.#ports.alerts());
  }

  get #now() {
    return this.#ports.clock.now();
  }

  #events(): SharedEvent[] {
    return sharedEvents(this.#ports.vens.keys(), this.#ports.feeds, this.#now);
  }

  #vens(events: readonly SharedEvent[]): VenSummary[] {
    return [...this.#ports.vens].map(([name, resources]) => this.#summary(name, resources, events));
  }

  /** Events with what is asked for and given now. */
  #told(events: readonly SharedEvent[], vens: readonly VenSummary[]): EventSummary[] {
    return events.map((event) => ({ ...event.summary, ...givenNow(event, vens) }));
  }

  #followed(names: Iterable<string>, events: readonly SharedEvent[]): FollowedVen[] {
    return [...names].map((name) => ({
      name,
      ring: this.loads.ring(name),
      events: events.filter(({ vens }) => vens.has(name)),
    }));
  }

  /** What reports are about, for people. */
  get #names(): ReportNames {
    const events = new Map(this.#events().map(({ event }) => [event.id, event]));
    return {
      event(id) {
        const event = events.get(id);
        return event === undefined ? null : titleOf(event);
      },
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
    const vens = this.#vens(events);
    const { startAt, loadW, baselineW } = this.#total(this.#ports.vens.keys(), OPEN_STEPS);
    const points = loadW.map((load, i) => ({ startAt: startAt + i * STEP, loadW: load, baselineW: baselineW[i] ?? null }));
    const recent = events.filter(({ summary: { endAt } }) => endAt === null || endAt >= now - STEP * STEPS);
    const activeEvents = events.filter(({ summary }) => summary.state === 'active' && summary.changesLoad).length;
    return {
      now,
      totals: fleetTotals(vens, { activeEvents, reports: null }),
      vens,
      events: this.#told(recent, vens),
      points,
    };
  }

  /** The last steps of these VENs together. */
  #total(names: Iterable<string>, steps: number): Series {
    const sum = new SeriesRing(STEP, STEPS);
    const last = sum.stepAt(this.#now);
    return totalOf(this.#followed(names, this.#events()), sum, last - steps + 1, last);
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
      // The first line says whose it is, as the page does.
      return explanationText(explain(resource)).split('\n').slice(1);
    } catch (error) {
      if (isVenfleetError(error)) return [error.message];
      throw error;
    }
  }
}
