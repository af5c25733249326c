import type { EventForm, EventSummary, FormChoices } from '@venfleet/console-api';
import { ConsoleProblem, type ConsoleUser, type EventWriting, notFound } from '@venfleet/console-api/server';
import type { Random } from '@venfleet/core';
import { ALERTS, anonymous, createVtnClient, type GridEvent, type VtnClient, VtnError } from '@venfleet/openadr';
import { saysNothing } from '../operator/demand.js';
import { checkNewEvent, prepareCancellation, prepareChange, prepareEvent } from '../operator/event-desk.js';
import { changedEvent } from '../operator/new-event.js';
import type { VtnContext } from '../vtn-context.js';
import { problemOf, wantedBy } from './event-form.js';
import { FleetView } from './fleet-view.js';
import { EVERYBODY } from './guard.js';
import type { LiveModel } from './live-model.js';
import { ownApi } from './own-api.js';

export interface EventWritingPorts {
  readonly model: LiveModel;
  readonly context: VtnContext;
  readonly random: Random;
}

/** Writes events as the command line does: by the VTN's own API, as whoever is logged in. */
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
    const wanted = wantedBy(form, this.#ports.context.clock);
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
    return new FleetView(known, this.#ports.context.clock.now()).event(booked);
  }

  #vtn({ token }: ConsoleUser): VtnClient {
    const { context, random } = this.#ports;
    const { clock, logger, tokens } = context;
    // A token that has expired since the request was let in is of no use any more.
    const caller = token === undefined ? EVERYBODY : tokens.cached(token);
    if (caller === undefined) throw new ConsoleProblem(401, 'the token has expired');
    const transport = ownApi(context, caller);
    const vtn = { version: '3.1.0', baseUrl: 'http://own', tokenUrl: 'http://own/auth/token' } as const;
    return createVtnClient({ transport, vtn, tokens: anonymous, role: 'BL', clock, random, logger });
  }
}

const MOST_TARGETS = 1000;
const NOTHING_SAID = { shed: 'say how much', level: 'or which level', limit: 'or which limit' };

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
