import { type Clock, type Duration, type Instant, instant, milliseconds, minutes } from '@venfleet/core';
import { decodeEvent, type GridEvent, isBefore, spansDuring, timelineOf, type WireVersion } from '@venfleet/openadr';
import { Answer, type JsonObject, type Party, Redactor } from '@venfleet/openadr/conform';
import type { Seat, Seats } from '../src/seats.js';
import { Trial } from '../src/trial.js';
import type { PlanView } from '../src/ven/ven.js';

/** What a VEN that reads no meters believes that it draws, in kW. */
const LOAD_KW = 90;

/** How a VEN goes about things; a test replaces one of them by a wrong one. */
export const RIGHT = {
  /** An event as it understands it. */
  read: (event: GridEvent): GridEvent => event,
  /** Whether it is for this VEN. */
  isForIt: (event: GridEvent): boolean =>
    event.targets.every((target) => typeof target === 'string' || (target.type === 'VEN_NAME' && target.values.includes('it'))),
  isCancelled: ({ intervals }: GridEvent): boolean => intervals.every(({ start, duration }) => start === 'now' && duration === 0),
  /** Its random shift; drawn when it is first seen, and again when it is changed if `redraws`. */
  shift: (range: Duration, draw: number): Duration => milliseconds(Math.round((2 * draw - 1) * range)),
  redraws: false,
  /** The first of two that conflict. */
  precedence: (a: GridEvent, b: GridEvent): number => (a.priority ?? 1e9) - (b.priority ?? 1e9),
  absolute: (value: number): number => value,
  relative: (value: number): number => LOAD_KW + value,
  cap: (value: number): number => value,
  /** Which of several values holds at a part of an interval, from 0 to 1. */
  valueAt: (values: readonly number[], part: number): number | undefined => values[Math.floor(part * values.length)],
  forgetsDeleted: true,
  keepsWithoutVtn: true,
  fallsBack: true,
};
export type Ways = typeof RIGHT;

interface Known {
  body: JsonObject;
  readonly seenAt: Instant;
  draw: number;
}

/** A VTN and a VEN in a few lines, which know of nothing but events; time passes when somebody waits. */
export class SmallWorld {
  readonly #ways: Ways;
  readonly #version: WireVersion;
  readonly #events = new Map<string, Known>();
  #at: number = Date.parse('2026-01-15T10:20:30Z');
  #ids = 0;
  #isDown = false;

  constructor(version: WireVersion, ways: Partial<Ways>) {
    this.#version = version;
    this.#ways = { ...RIGHT, ...ways };
  }

  /** A line of the checklist in this world. */
  trial(): Trial {
    return new Trial({
      version: this.#version,
      bl: this.#business() as Party,
      seats: { resident: () => Promise.resolve(this.#seat()) } as Seats,
      patience: milliseconds(2000),
      clock: this.#clock,
      redactor: new Redactor(),
      signal: new AbortController().signal,
      newName: () => `name-${++this.#ids}`,
    });
  }

  readonly #clock: Clock = {
    now: () => instant(this.#at),
    monotonic: () => this.#at,
    sleep: async (duration) => {
      this.#at += duration;
    },
  };

  #business() {
    const answer = (status: number, body: unknown) =>
      Promise.resolve(
        new Answer({ as: 'BL', method: '', target: '', body: undefined, status, text: JSON.stringify(body) }, new Redactor()),
      );
    const idOf = (path: string) => path.split('/').at(-1) as string;
    return {
      get: (path: string) => answer(200, this.#events.get(idOf(path))?.body),
      post: (path: string, body: unknown) => {
        const id = `id-${++this.#ids}`;
        const own = { ...(body as JsonObject), id };
        if (path === '/events') this.#events.set(id, { body: own, seenAt: instant(this.#at), draw: 0.2 });
        return answer(201, own);
      },
      put: (path: string, body: unknown) => {
        const known = this.#events.get(idOf(path)) as Known;
        known.body = body as JsonObject;
        if (this.#ways.redraws) known.draw = 0.9;
        return answer(200, body);
      },
      delete: (path: string) => {
        if (this.#ways.forgetsDeleted) this.#events.delete(idOf(path));
        return answer(200, {});
      },
    };
  }

  #seat(): Seat {
    const setDown = (isDown: boolean) => {
      this.#isDown = isDown;
    };
    const listing = { askedAt: instant(0), ask: { method: 'GET', path: '/events' }, reply: { status: 200 } };
    const gateway = {
      connections: 0,
      set isDown(isDown: boolean) {
        setDown(isDown);
      },
      wait: () => Promise.resolve([listing]),
    };
    return {
      gateway,
      client: { venName: 'it' },
      ven: { plan: (at?: Instant) => Promise.resolve(this.#plan(at ?? instant(this.#at), at === undefined)) },
    } as unknown as Seat;
  }

  #plan(at: Instant, isNow: boolean): PlanView {
    const ways = this.#ways;
    if (this.#isDown && !ways.keepsWithoutVtn) return { limitKw: null, price: null };
    const claims = [...this.#events.values()].flatMap((known) => this.#claims(known, at));
    const winner = (...types: string[]) =>
      claims.filter(({ type }) => types.includes(type)).sort((a, b) => ways.precedence(a.event, b.event))[0];
    const limit = winner('IMPORT_CAPACITY_LIMIT');
    const subscribed = ways.fallsBack ? winner('IMPORT_CAPACITY_SUBSCRIPTION') : undefined;
    const dispatch = winner('DISPATCH_SETPOINT', 'DISPATCH_SETPOINT_RELATIVE');
    const all = [
      ...(limit === undefined ? (subscribed === undefined ? [] : [subscribed.value]) : [ways.cap(limit.value)]),
      ...(dispatch === undefined ? [] : [ways[dispatch.type.endsWith('RELATIVE') ? 'relative' : 'absolute'](dispatch.value)]),
    ];
    const limitKw = all.length === 0 ? null : Math.min(...all);
    return { limitKw, price: winner('PRICE')?.value ?? null, ...(isNow ? { heldKw: limitKw } : {}) };
  }

  /** What an event says at a time. */
  #claims({ body, seenAt, draw }: Known, at: Instant): { event: GridEvent; type: string; value: number }[] {
    const decoded = decodeEvent({ ...body, objectType: 'EVENT', ...STAMPS }, this.#version);
    if (!('event' in decoded)) throw new Error(`not understood: ${JSON.stringify(decoded)}`);
    const ways = this.#ways;
    const event = ways.read(decoded.event);
    if (ways.isCancelled(event) || !ways.isForIt(event)) return [];
    const shifts = { event: ways.shift(event.randomizeStart ?? minutes(0), draw), intervals: new Map() };
    const under = spansDuring(timelineOf(event, seenAt, shifts), at).at(-1);
    if (under === undefined) return [];
    const { span, index } = under;
    const part = isBefore(at, span.end) && span.end !== 'forever' ? (at - span.start) / (span.end - span.start) : 0;
    return (event.intervals[index]?.payloads ?? []).map(({ type, values }) => ({
      event,
      type,
      value: ways.valueAt(values as number[], part) ?? 0,
    }));
  }
}

const STAMPS = { createdDateTime: '2026-01-01T00:00:00Z', modificationDateTime: '2026-01-01T00:00:00Z' };
