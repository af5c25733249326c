import type { EventForm, EventSummary, FormChoices } from '@venfleet/console-api';
import { ConsoleProblem, type ConsoleUser, type EventWriting, notFound } from '@venfleet/console-api/server';
import type { Clock, Logger, Random } from '@venfleet/core';
import {
  ALERTS,
  anonymous,
  createVtnClient,
  type GridEvent,
  type HttpTransport,
  type TokenSource,
  type VtnClient,
  VtnError,
} from '@venfleet/openadr';
import { saysNothing } from '../operator/demand.js';
import { checkNewEvent, prepareCancellation, prepareChange, prepareEvent } from '../operator/event-desk.js';
import { changedEvent } from '../operator/new-event.js';
import { problemOf, wantedBy } from './event-form.js';
import { FleetView } from './fleet-view.js';
import type { LiveModel } from './live-model.js';

export interface EventWritingPorts {
  readonly model: LiveModel;
  /** The VTN's own 3.1 API. */
  readonly transport: HttpTransport;
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Writes events as the command line does: by the VTN's own API, with the token of whoever is logged in. */
export class ConsoleWriting implements EventWriting {
  readonly #ports: EventWritingPorts;

  constructor(ports: EventWritingPorts) {
    this.#ports = ports;
  }

  async choices(): Promise<FormChoices> {
    const { vens, events } = await this.#ports.model.look();
    const programs = new Set(events.all().map(({ program }) => program));
    const targets = new Set(
      vens.all().flatMap((ven) => [...ven.targets, ...ven.resources.flatMap((one) => one.targets as string[])]),
    );
    return { programs: [...programs].sort(), alerts: Object.keys(ALERTS), targets: [...targets].sort().slice(0, MOST_TARGETS) };
  }

  async create(form: EventForm, user: ConsoleUser, dryRun: boolean): Promise<EventSummary | undefined> {
    const wanted = await this.#checked(form);
    return await told(form, async () => {
      if (saysNothing(wanted))
        throw new ConsoleProblem(400, 'the event says nothing: what shall VENs do?', { fields: NOTHING_SAID });
      checkNewEvent(wanted);
      if (dryRun) return undefined;
      const make = await prepareEvent(this.#vtn(user), wanted);
      return await this.#summary(await make());
    });
  }

  async change(id: string, form: EventForm, user: ConsoleUser, dryRun: boolean): Promise<EventSummary | undefined> {
    const wanted = await this.#checked(form);
    const booked = await this.#booked(id);
    return await told(form, async () => {
      changedEvent(booked, undefined, wanted);
      if (dryRun) return undefined;
      const make = await prepareChange(this.#vtn(user), id, wanted);
      return await this.#summary(await make());
    });
  }

  async cancel(id: string, user: ConsoleUser): Promise<EventSummary> {
    await this.#booked(id);
    return await told({}, async () => {
      const make = await prepareCancellation(this.#vtn(user), id);
      return await this.#summary(await make());
    });
  }

  /** @throws ConsoleProblem 400: fields that cannot be read, VENs that are not there */
  async #checked(form: EventForm) {
    const wanted = wantedBy(form, this.#ports.clock);
    const { vens } = await this.#ports.model.look();
    const names = new Set(vens.all().map(({ name }) => name));
    const unknown = (wanted.ven ?? []).filter((name) => !names.has(name));
    if (unknown.length === 0) return wanted;
    const text = `the VTN has no VEN ${unknown.slice(0, 5).join(', ')}`;
    throw new ConsoleProblem(400, `ven: ${text}`, { fields: { ven: text } });
  }

  async #booked(id: string): Promise<GridEvent> {
    const booked = (await this.#ports.model.look()).events.get(id);
    if (booked === undefined) throw notFound('event', id);
    return booked.event;
  }

  async #summary({ id }: GridEvent): Promise<EventSummary> {
    const known = await this.#ports.model.look();
    const booked = known.events.get(id);
    // Somebody has deleted it in the meantime.
    if (booked === undefined) throw notFound('event', id);
    return new FleetView(known, this.#ports.clock.now()).event(booked);
  }

  #vtn({ token }: ConsoleUser): VtnClient {
    const { transport, baseUrl, clock, random, logger } = this.#ports;
    const vtn = { version: '3.1.0', baseUrl, tokenUrl: `${baseUrl}/auth/token` } as const;
    return createVtnClient({
      transport,
      vtn,
      tokens: token === undefined ? anonymous : fixed(token),
      role: 'BL',
      clock,
      random,
      logger,
    });
  }
}

const MOST_TARGETS = 1000;
const NOTHING_SAID = { shed: 'say how much', level: 'or which level', limit: 'or which limit' };

/** One that is refused is refused: the page logs in again. */
const fixed = (token: string): TokenSource => ({ token: async () => token, invalidate: () => undefined });

async function told<T>(form: EventForm, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VtnError) {
      const status = Number(error.context.status);
      throw new ConsoleProblem(status >= 400 && status < 500 ? status : 502, error.message);
    }
    throw problemOf(error, form);
  }
}
