import type { IncomingMessage } from 'node:http';
import { AuditQuery, EventForm, FaultForm, ReportQuery } from '../schemas.js';
import type { ConsoleBackend, ConsoleUser, EventWriting, FaultDesk } from './backend.js';
import { readBody, readQuery } from './body.js';
import { ConsoleProblem, notFound } from './problem.js';

export interface RouteCall {
  readonly backend: ConsoleBackend;
  readonly user: ConsoleUser;
  readonly request: IncomingMessage;
  /** The path's parameter; '' where it has none. */
  readonly id: string;
  readonly query: URLSearchParams;
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
}

type Handler = (call: RouteCall) => Promise<Answer>;

const answer =
  (work: (call: RouteCall) => unknown, status = 200): Handler =>
  async (call) => ({ status, value: await work(call) });

const found =
  (what: string, work: (call: RouteCall) => unknown): Handler =>
  async (call) => {
    const value = await work(call);
    if (value === undefined) throw notFound(what, call.id);
    return { status: 200, value };
  };

/** Paths below the API's, `:id` standing for one part of it, and what each method does there. */
export const ROUTES: Readonly<Record<string, Readonly<Partial<Record<string, Handler>>>>> = {
  '/session': { GET: answer(({ backend, user }) => backend.session(user)) },
  '/overview': { GET: answer(({ backend }) => backend.overview()) },
  '/series': { GET: answer(({ backend }) => backend.fleetSeries()) },
  '/vens/:id': { GET: found('VEN', ({ backend, id }) => backend.ven(id)) },
  '/vens/:id/series': { GET: found('VEN', ({ backend, id }) => backend.venSeries(id)) },
  '/resources/:id': { GET: found('resource', ({ backend, id }) => backend.resource(id)) },
  '/event-choices': { GET: answer((call) => writing(call, false).choices()) },
  '/events': { GET: answer(({ backend }) => backend.events()), POST: createEvent },
  '/events/:id': { GET: found('event', ({ backend, id }) => backend.event(id)), PATCH: changeEvent },
  '/events/:id/cancel': { POST: answer((call) => writing(call).cancel(call.id, call.user)) },
  '/reports': { GET: answer(({ backend, query }) => backend.reports(readQuery(query, ReportQuery))) },
  '/audit': { GET: answer(audit) },
  '/alarms': { GET: answer(({ backend }) => backend.alarms?.() ?? unwatched()) },
  '/faults': {
    GET: answer((call) => desk(call).list()),
    POST: answer(async (call) => desk(call).add(await readBody(call.request, FaultForm)), 201),
    DELETE: answer((call) => desk(call).clearAll()),
  },
  '/faults/:id': { DELETE: answer((call) => desk(call).clear(faultId(call.id))) },
};

async function createEvent(call: RouteCall): Promise<Answer> {
  const desk = writing(call);
  const made = await desk.create(await readBody(call.request, EventForm), call.user, isDryRun(call));
  return made === undefined ? { status: 200, value: { ok: true } } : { status: 201, value: made };
}

async function changeEvent(call: RouteCall): Promise<Answer> {
  const desk = writing(call);
  const changed = await desk.change(call.id, await readBody(call.request, EventForm), call.user, isDryRun(call));
  return { status: 200, value: changed ?? { ok: true } };
}

function audit({ backend, query }: RouteCall): unknown {
  if (backend.audit === undefined) throw new ConsoleProblem(404, 'this server checks no reports');
  return backend.audit(readQuery(query, AuditQuery));
}

function unwatched(): never {
  throw new ConsoleProblem(404, 'this server has no alarms');
}

function isDryRun({ query }: RouteCall): boolean {
  return query.get('dryRun') === 'true';
}

function writing({ backend, user }: RouteCall, toWrite = true): EventWriting {
  if (backend.writing === undefined) throw new ConsoleProblem(404, 'events are written at the VTN, not here');
  if (toWrite && !user.mayWriteEvents) throw new ConsoleProblem(403, 'this login may not write events');
  return backend.writing;
}

function desk({ backend, user }: RouteCall): FaultDesk {
  if (backend.faults === undefined) throw new ConsoleProblem(404, 'no device simulator was named to this server');
  if (!user.mayMakeFaults) throw new ConsoleProblem(403, 'this login may not make faults');
  return backend.faults;
}

function faultId(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw notFound('fault', text);
}
