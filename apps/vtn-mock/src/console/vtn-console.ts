import type {
  Audit,
  AuditQuery,
  Delta,
  EventDetail,
  EventList,
  Overview,
  Performance as PerformanceView,
  ReportPage,
  ReportQuery,
  ResourceDetail,
  Series,
  Session,
  VenDetail,
} from '@venfleet/console-api';
import {
  type ConsoleBackend,
  type ConsoleUser,
  Deltas,
  type EventWriting,
  type FaultDesk,
  formOf,
} from '@venfleet/console-api/server';
import { instant, minutes, seconds } from '@venfleet/core';
import { performanceOf, type Performance as Settlement, type VenPerformance } from '../operator/performance.js';
import { onEvent } from '../store/reports.js';
import { AuditDesk } from './audit.js';
import { Briefly } from './briefly.js';
import { reportIn } from './decode.js';
import { resourceDetail, venDetail } from './details.js';
import type { BookedEvent } from './event-book.js';
import { FleetView, fleetSeries } from './fleet-view.js';
import type { Known, LiveModel, LiveModelPorts } from './live-model.js';
import { reportPage } from './reports.js';
import { STEP } from './ven-load.js';

export interface VtnConsolePorts extends LiveModelPorts {
  readonly model: LiveModel;
  readonly writing: EventWriting;
  readonly faults?: FaultDesk | undefined;
}

/** An event is settled from so many of its newest reports at most: those of a fleet over an hour. */
const MOST_SETTLED = 20_000;
/** How long after an interval its report may still be on its way. */
const GRACE = minutes(1);
/** That takes a while, and changes as reports come in. */
const SETTLEMENT_KEPT = seconds(5);

/** The console's view of a VTN: what it was told, and nothing else. */
export class VtnConsole implements ConsoleBackend {
  readonly writing: EventWriting;
  readonly faults?: FaultDesk;
  readonly #ports: VtnConsolePorts;
  readonly #model: LiveModel;
  readonly #audits: AuditDesk;
  readonly #deltas = new Deltas();
  readonly #settlements: Briefly<Settlement>;

  constructor(ports: VtnConsolePorts) {
    this.#ports = ports;
    this.#model = ports.model;
    this.#audits = new AuditDesk(ports);
    this.#settlements = new Briefly(ports.clock, SETTLEMENT_KEPT);
    this.writing = ports.writing;
    if (ports.faults !== undefined) this.faults = ports.faults;
  }

  close(): void {
    this.#model.close();
  }

  session({ name, mayWriteEvents, mayMakeFaults }: ConsoleUser): Session {
    return {
      server: 'vtn',
      name: 'VTN mock',
      user: name,
      abilities: { writeEvents: mayWriteEvents, audit: true, faults: mayMakeFaults && this.faults !== undefined, alarms: false },
      serverAt: this.#now,
    };
  }

  async overview(): Promise<Overview> {
    return new FleetView(await this.#model.look(), this.#now).overview();
  }

  delta(): Delta | undefined {
    const known = this.#model.peek();
    return known === undefined ? undefined : this.#deltas.next(new FleetView(known, this.#now).seen());
  }

  async fleetSeries(): Promise<Series> {
    return fleetSeries(await this.#model.look(), this.#now);
  }

  async venSeries(id: string): Promise<Series | undefined> {
    const known = await this.#model.look();
    if (known.vens.byId(id) === undefined) return undefined;
    return known.loads.get(id)?.ring.series() ?? EMPTY;
  }

  async ven(id: string): Promise<VenDetail | undefined> {
    const known = await this.#model.look();
    const summary = new FleetView(known, this.#now).vens.find((ven) => ven.id === id);
    return summary === undefined ? undefined : venDetail(this.#ports, known, summary, this.#now);
  }

  async resource(id: string): Promise<ResourceDetail | undefined> {
    return resourceDetail(this.#ports, await this.#model.look(), id, this.#now);
  }

  async events(): Promise<EventList> {
    const known = await this.#model.look();
    const problems = known.events.problems().map(({ id, mistakes }) => ({ id, mistakes: [...mistakes] }));
    return { events: new FleetView(known, this.#now).allEvents(), problems };
  }

  async event(id: string): Promise<EventDetail | undefined> {
    const known = await this.#model.look();
    const booked = known.events.get(id);
    if (booked === undefined) return undefined;
    const summary = new FleetView(known, this.#now).event(booked);
    const { total, vens } = this.#settlements.get(`${id} ${booked.event.modifiedAt}`, () => this.#settled(booked, known));
    const performance = vens.map(({ ven, ...one }) => ({ ven, ...performanceView(one) }));
    return { ...summary, form: formOf(booked.event, booked.program, booked.times), total: performanceView(total), performance };
  }

  async reports(query: ReportQuery): Promise<ReportPage> {
    return reportPage(this.#ports, await this.#model.look(), query);
  }

  async audit(query: AuditQuery): Promise<Audit> {
    return await this.#audits.audit(await this.#model.look(), query);
  }

  get #now() {
    return this.#ports.clock.now();
  }

  /** One that changes no load has nothing to be settled. */
  #settled({ event, times }: BookedEvent, known: Known): Settlement {
    const { store, reports } = this.#ports;
    const dueBy = instant(this.#now - GRACE);
    if (!times.changesLoad) return performanceOf(event, [], [], dueBy);
    const rows = store.read(() => reports.page([onEvent(event.id)], { skip: 0, limit: MOST_SETTLED }));
    return performanceOf(event, known.vens.all(), rows.map(reportIn), dueBy);
  }
}

const EMPTY: Series = { startAt: 0, stepMs: STEP, loadW: [], baselineW: [] };

function performanceView(of: Omit<VenPerformance, 'ven'>): PerformanceView {
  const { requestedW, deliveredW, requestedWh, deliveredWh, known, expected, missing } = of;
  const whole = (value: number | undefined) => (value === undefined ? null : Math.round(value));
  return {
    requestedW: whole(requestedW),
    deliveredW: whole(deliveredW),
    requestedWh: whole(requestedWh),
    deliveredWh: whole(deliveredWh),
    known,
    expected,
    missing,
  };
}
