import { wire301, wire310 } from '@venfleet/openadr';
import type { Caller } from '../auth/caller.js';
import { type Collection, type CollectionOf, collection, wellFormed } from '../http/collection.js';
import { type JsonText, member, membersOf, objectText, textOf } from '../http/json.js';
import { notFound, Problem } from '../http/problem.js';
import type { ChangedObject } from '../notify/changes.js';
import { type EventRow, ofProgram } from '../store/events.js';
import { type Condition, equals } from '../store/listing.js';
import { onEvent, type ReportContent, type ReportRow } from '../store/reports.js';
import type { VtnContext } from '../vtn-context.js';
import { intervalsWithStart, needsStart, withStart } from './periods.js';
import { visibleObject } from './visibility.js';

type Params = Readonly<Record<string, string>>;

const common = {
  kind: 'report',
  path: '/reports',
  idParam: 'reportID',
  bodySize: 'large',
  writeScope: 'write_reports',
  writers: ['VEN'],
} as const;

/** 3.0.1 knows no owners: every VEN may read and change all reports. */
export function reports301(context: VtnContext): Collection {
  const { reports, events, store } = context;
  const schemas = { query: wire301.ReportQuery, body: wire301.ReportRequest, object: wire301.Report };
  const find = ({ reportID = '' }: Params): ReportRow => {
    const row = reports.byId(reportID);
    if (row === undefined) throw notFound('report', reportID);
    return row;
  };
  const eventOf = ({ eventID, programID }: wire301.ReportRequest): EventRow => {
    const event = events.byId(eventID);
    if (event === undefined) throw new Problem(404, `eventID: there is no event ${eventID}`);
    if (event.programId !== programID) throw new Problem(400, `programID: the event belongs to program ${event.programId}`);
    return event;
  };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    readScope: 'read_all',
    schemas,
    list: ({ query, page }) => reports.page(conditionsOf(query), page).map(text301),
    create: ({ caller, body }) => text301(reports.insert(eventOf(body), caller.clientId, content301(body), store.newStamp())),
    read: ({ params }) => text301(find(params)),
    replace({ params, body }) {
      const row = find(params);
      return text301(reports.update(row, eventOf(body), content301(body), store.modifiedAfter(row.modified)));
    },
    remove({ params }) {
      const row = find(params);
      reports.delete(row);
      return text301(row);
    },
  };
  return collection(of);
}

/** A VEN sees and changes only the reports that it made, and reports only on events that it sees. */
export function reports310(context: VtnContext): Collection {
  const { reports, events, store } = context;
  const schemas = { query: wire310.ReportQuery, body: wire310.ReportRequest, object: wire310.Report };
  const find = (caller: Caller, { reportID = '' }: Params): ReportRow => {
    const row = reports.byId(reportID);
    if (row === undefined || (caller.role === 'VEN' && row.clientId !== caller.clientId)) throw notFound('report', reportID);
    return row;
  };
  // POST /reports declares no 404; 409 is for references that lead nowhere (Definition).
  const eventOf = (caller: Caller, eventID: string): EventRow => {
    const event = events.byId(eventID);
    if (event !== undefined && visibleObject(context, caller, event).visible) return event;
    throw new Problem(409, `eventID: there is no event ${eventID}`);
  };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    readScope: 'read_ven_objects',
    schemas,
    list({ caller, query, page }) {
      const own = caller.role === 'VEN' ? [equals('r.client_id', caller.clientId)] : [];
      return reports.page([...own, ...conditionsOf(query)], page).map(text310);
    },
    create: ({ caller, body }) =>
      text310(reports.insert(eventOf(caller, body.eventID), caller.clientId, content310(body), store.newStamp())),
    read: ({ caller, params }) => text310(find(caller, params)),
    replace({ caller, params, body }) {
      const row = find(caller, params);
      // Its own event may have become invisible since: what is reported already can still be corrected.
      const event = (body.eventID === row.eventId ? events.byId(row.eventId) : undefined) ?? eventOf(caller, body.eventID);
      return text310(reports.update(row, event, content310(body), store.modifiedAfter(row.modified)));
    },
    remove({ caller, params }) {
      const row = find(caller, params);
      reports.delete(row);
      return text310(row);
    },
  };
  return collection(of);
}

/** A report of 3.1 has no program of its own: its event's counts. */
function conditionsOf({ programID, eventID, clientName }: wire310.ReportQuery): Condition[] {
  const conditions: Condition[] = [];
  if (programID !== undefined) conditions.push(ofProgram(programID));
  if (eventID !== undefined) conditions.push(onEvent(eventID));
  if (clientName !== undefined) conditions.push(equals('r.client_name', clientName));
  return conditions;
}

function content301({ clientName, reportName, payloadDescriptors, resources }: wire301.ReportRequest): ReportContent {
  const descriptors = payloadDescriptors?.map((d) => ({ ...d, objectType: 'REPORT_PAYLOAD_DESCRIPTOR' }));
  return {
    clientName: wellFormed('clientName', clientName),
    content: contentText(reportName, descriptors, resources),
    needsStart: 0,
  };
}

function content310({ clientName, reportName, payloadDescriptors, resources }: wire310.ReportRequest): ReportContent {
  const partial = resources.some((resource) => needsStart(resource) || resource.intervals.some(needsStart));
  return {
    clientName: wellFormed('clientName', clientName),
    content: contentText(reportName, payloadDescriptors, resources),
    needsStart: partial ? 1 : 0,
  };
}

function contentText(name: string | null | undefined, descriptors: unknown, resources: unknown): JsonText {
  const optional = member('reportName', textOf(name)) + member('payloadDescriptors', textOf(descriptors));
  return `{"resources":${JSON.stringify(resources)}${optional}}`;
}

function text301(row: ReportRow): JsonText {
  const content = row.needsStart === 0 ? row.content : completed(row.content);
  return objectText('REPORT', row, `,"programID":"${row.programId}"${commonMembers(row)}${membersOf(content)}`);
}

function text310(row: ReportRow): JsonText {
  return objectText('REPORT', row, `,"clientID":${JSON.stringify(row.clientId)}${commonMembers(row)}${membersOf(row.content)}`);
}

const commonMembers = ({ eventId, clientName }: ReportRow): string =>
  `,"eventID":"${eventId}","clientName":${JSON.stringify(clientName)}`;

/** A report's content with a start in each period. */
function completed(text: JsonText): JsonText {
  const content: Pick<wire310.ReportRequest, 'resources'> = JSON.parse(text);
  const resources = content.resources.map((resource) => ({
    ...resource,
    ...(resource.intervalPeriod === undefined ? {} : { intervalPeriod: withStart(resource.intervalPeriod) }),
    intervals: intervalsWithStart(resource.intervals),
  }));
  return JSON.stringify({ ...content, resources });
}

export function reportObject(row: ReportRow): ChangedObject {
  return {
    objectType: 'REPORT',
    id: row.id,
    programId: row.programId,
    clientId: row.clientId,
    text: (version) => (version === '3.0.1' ? text301(row) : text310(row)),
  };
}
