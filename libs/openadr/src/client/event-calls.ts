import { type DecodedEvent, decodeEvent } from '../domain/decode-event.js';
import { encodeEvent, type NewEvent } from '../domain/encode-event.js';
import type { GridEvent } from '../domain/event.js';
import { decodeReport, encodeReport, type GridReport, ReceivedReport, type ReportDraft } from '../domain/report.js';
import type { WireVersion } from '../wire/common.js';
import { Type } from '../wire/schema.js';
import { ignoreAnswer, path, ReceivedId, receive } from './adapter.js';
import type { Created, EventChanges, EventFilter, ReportFilter, Target } from './domain.js';
import { type Call, type ListCall, UnexpectedAnswer } from './session.js';

/** The operations on events and reports, which both versions have at the same paths. */
export interface EventCalls {
  listEvents(filter: EventFilter): ListCall<DecodedEvent>;
  readEvent(id: string): Call<DecodedEvent>;
  createEvent(event: NewEvent): Call<GridEvent>;
  updateEvent(current: GridEvent, changes: EventChanges): Call<GridEvent>;
  deleteEvent(id: string): Call<void>;
  listReports(filter: ReportFilter): ListCall<GridReport>;
  createReport(draft: ReportDraft): Call<Created>;
  updateReport(id: string, draft: ReportDraft): Call<Created>;
  deleteReport(id: string): Call<void>;
}

/** @param wireTargets how the version writes targets */
export function eventCalls<T>(version: WireVersion, wireTargets: (targets: readonly Target[]) => T[]): EventCalls {
  const decodeListed = (json: unknown): DecodedEvent => decodeEvent(json, version);
  const decodeWritten = (json: unknown): GridEvent => {
    const decoded = decodeEvent(json, version);
    if ('problem' in decoded) throw new UnexpectedAnswer(decoded.problem.mistakes);
    return decoded.event;
  };
  return {
    listEvents: ({ programId, active }) => ({
      path: '/events',
      query: { programID: programId, ...(version === '3.1.0' && active === true ? { active: 'true' } : {}) },
      decode: decodeListed,
      keep: (item) => programId === undefined || 'problem' in item || item.event.programId === programId,
    }),
    readEvent: (id) => ({ method: 'GET', path: path`/events/${id}`, decode: decodeListed }),
    createEvent: (event) => ({
      method: 'POST',
      path: '/events',
      body: encodeEvent(event, version, wireTargets),
      decode: decodeWritten,
    }),
    updateEvent: (current, changes) => ({
      method: 'PUT',
      path: path`/events/${current.id}`,
      body: encodeEvent({ ...current, ...changes }, version, wireTargets),
      decode: decodeWritten,
    }),
    deleteEvent: (id) => ({ method: 'DELETE', path: path`/events/${id}`, decode: ignoreAnswer }),

    listReports: ({ programId, eventId, clientName }) => ({
      path: '/reports',
      query: { programID: programId, eventID: eventId, clientName },
      decode: receivedReport,
      keep: (report) =>
        (eventId === undefined || report.eventId === eventId) && (clientName === undefined || report.clientName === clientName),
    }),
    createReport: (draft) => ({
      method: 'POST',
      path: '/reports',
      body: encodeReport(draft, version),
      decode: receivedId,
    }),
    updateReport: (id, draft) => ({
      method: 'PUT',
      path: path`/reports/${id}`,
      body: encodeReport(draft, version),
      decode: receivedId,
    }),
    deleteReport: (id) => ({ method: 'DELETE', path: path`/reports/${id}`, decode: ignoreAnswer }),
  };
}

const receivedReport = receive(ReceivedReport, decodeReport);

/** What was sent is known, and may be long: of the answer only the id is looked at. */
const receivedId = receive(Type.Object({ id: ReceivedId }), ({ id }): Created => ({ id }));
