import { instant } from '@venfleet/core';
import { decodeEvent, endOf, timelineOf, type WireVersion, wire301, wire310 } from '@venfleet/openadr';
import { type Collection, type CollectionOf, collection } from '../http/collection.js';
import { type JsonText, member, membersOf, objectText } from '../http/json.js';
import { notFound, Problem } from '../http/problem.js';
import type { ChangedObject } from '../notify/changes.js';
import { activeAt, type EventContent, type EventRow, ofProgram } from '../store/events.js';
import { anyTypedTarget, type Condition } from '../store/listing.js';
import type { ProgramRow } from '../store/programs.js';
import { fromStrings, fromValuesMaps, plainTargets, typedTargets } from '../store/targets.js';
import type { VtnContext } from '../vtn-context.js';
import { intervalsWithStart, withStart } from './periods.js';
import { shownTargets, visibleList, visibleObject } from './visibility.js';

type Params = Readonly<Record<string, string>>;

const common = {
  kind: 'event',
  path: '/events',
  idParam: 'eventID',
  order: 'the highest priority first, then the newest',
  bodySize: 'large',
  writeScope: 'write_events',
  writers: ['BL'],
} as const;

/** 3.0.1 has no object privacy: who may read sees all. */
export function events301(context: VtnContext): Collection {
  const { events, store } = context;
  const schemas = { query: wire301.EventQuery, body: wire301.EventRequest, object: wire301.Event };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    readScope: 'read_all',
    schemas,
    list: ({ query, page }) => events.page(conditions301(query), page).map(text301),
    create({ body }) {
      const program = programOf(context, body.programID);
      const stamp = store.newStamp();
      return text301(events.insert(program, content301(body, null, stamp.modified), stamp));
    },
    read: ({ params }) => text301(find(context, params)),
    replace({ params, body }) {
      const row = find(context, params);
      const program = programOf(context, body.programID);
      const modified = store.modifiedAfter(row.modified);
      return text301(events.update(row, program, content301(body, row.duration, modified), modified));
    },
    remove: ({ params }) => text301(removed(context, params)),
  };
  return collection(of);
}

function conditions301({ programID, targetType, targetValues }: wire301.EventQuery): Condition[] {
  const conditions: Condition[] = [];
  if (programID !== undefined) conditions.push(ofProgram(programID));
  if (targetType !== undefined && targetValues !== undefined) conditions.push(anyTypedTarget('e', targetType, targetValues));
  return conditions;
}

/** A VEN sees events without targets and those with a target that it holds, and of these only such targets. */
export function events310(context: VtnContext): Collection {
  const { events, store } = context;
  const schemas = { query: wire310.EventQuery, body: wire310.EventRequest, object: wire310.Event };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    readScope: 'read_targets',
    schemas,
    list({ caller, query, page }) {
      const { conditions, shown } = visibleList(context, caller, 'e', query.targets);
      const filters = [...conditions];
      if (query.programID !== undefined) filters.push(ofProgram(query.programID));
      if (query.active === true) filters.push(activeAt(store.now()));
      return events.page(filters, page).map((row) => text310(row, shown));
    },
    create({ body }) {
      const program = programOf(context, body.programID);
      const stamp = store.newStamp();
      return text310(events.insert(program, content310(body, stamp.modified), stamp));
    },
    read({ caller, params }) {
      const row = find(context, params);
      const { visible, shown } = visibleObject(context, caller, row);
      if (!visible) throw notFound('event', row.id);
      return text310(row, shown);
    },
    replace({ params, body }) {
      const row = find(context, params);
      const program = programOf(context, body.programID);
      const modified = store.modifiedAfter(row.modified);
      return text310(events.update(row, program, content310(body, modified), modified));
    },
    remove: ({ params }) => text310(removed(context, params)),
  };
  return collection(of);
}

function find({ events }: VtnContext, { eventID = '' }: Params): EventRow {
  const row = events.byId(eventID);
  if (row === undefined) throw notFound('event', eventID);
  return row;
}

/** POST /events declares no 404; 409 is for references that lead nowhere (Definition, 3.1). */
function programOf({ programs }: VtnContext, id: string): ProgramRow {
  const program = programs.byId(id);
  if (program === undefined) throw new Problem(409, `programID: there is no program ${id}`);
  return program;
}

function removed(context: VtnContext, params: Params): EventRow {
  const row = find(context, params);
  context.events.delete(row);
  return row;
}

/** What of an event is text for each version, in the order in which it is shown. */
type Members = Partial<
  Record<
    'eventName' | 'duration' | 'priority' | 'reportDescriptors' | 'payloadDescriptors' | 'intervalPeriod' | 'intervals',
    unknown
  >
>;

/** @param duration the event's, which 3.0.1 cannot express and its writers leave as it is. */
function content301(body: wire301.EventRequest, duration: string | null, now: number): EventContent {
  const { eventName, priority, intervalPeriod, intervals, reportDescriptors, payloadDescriptors } = body;
  const same = { eventName, priority, intervalPeriod, intervals };
  const descriptors = payloadDescriptors?.map((d) => ({ ...d, objectType: 'EVENT_PAYLOAD_DESCRIPTOR' }));
  const requests = reportDescriptors?.map(({ targets, ...rest }) => ({
    ...rest,
    ...(targets == null ? {} : { targets: plainTargets(targets) }),
  }));
  return {
    rank: priority ?? Number.POSITIVE_INFINITY,
    ends: endsAt({ ...body, ...(duration === null ? {} : { duration }) }, '3.0.1', now),
    content: textOfMembers({ ...same, duration, reportDescriptors: requests, payloadDescriptors: descriptors }),
    content301: textOfMembers({ ...same, reportDescriptors, payloadDescriptors }),
    duration,
    ...fromValuesMaps(body.targets),
  };
}

function content310(body: wire310.EventRequest, now: number): EventContent {
  const { eventName, priority, duration, intervalPeriod, intervals, reportDescriptors, payloadDescriptors } = body;
  const same = { eventName, priority, payloadDescriptors };
  const requests = reportDescriptors?.map(({ targets, reportIntervals: _, ...rest }) => ({
    ...rest,
    ...(targets == null ? {} : { targets: typedTargets(targets) }),
  }));
  return {
    rank: priority ?? Number.POSITIVE_INFINITY,
    ends: endsAt(body, '3.1.0', now),
    content: textOfMembers({ ...same, duration, intervalPeriod, intervals, reportDescriptors }),
    content301: textOfMembers({
      ...same,
      intervalPeriod: withStart(intervalPeriod),
      intervals: intervalsWithStart(intervals ?? []),
      reportDescriptors: requests,
    }),
    duration: duration ?? null,
    ...fromStrings(body.targets),
  };
}

function textOfMembers(members: Members): JsonText {
  const present = Object.entries(members).filter(([, value]) => value != null);
  return JSON.stringify(Object.fromEntries(present));
}

/**
 * When an event that was written now is over for everybody, in epoch milliseconds; null for never, and for one whose
 * times make no sense: it is not for the VTN to hide it.
 */
function endsAt(body: object, version: WireVersion, now: number): number | null {
  const decoded = decodeEvent({ id: 'new', ...body }, version);
  if ('problem' in decoded) return null;
  const end = endOf(timelineOf(decoded.event, instant(now)));
  return end === undefined || end === 'forever' ? null : end + (decoded.event.randomizeStart ?? 0);
}

function text301(row: EventRow): JsonText {
  return objectText(
    'EVENT',
    row,
    `,"programID":"${row.programId}"${membersOf(row.content301)}${member('targets', row.targets301)}`,
  );
}

/** @param shown the targets that the reader may see; all when not given. */
function text310(row: EventRow, shown?: ReadonlySet<string>): JsonText {
  const targets = shownTargets(row.targets, shown);
  return objectText('EVENT', row, `,"programID":"${row.programId}"${membersOf(row.content)}${member('targets', targets)}`);
}

export function eventObject(row: EventRow): ChangedObject {
  return {
    objectType: 'EVENT',
    id: row.id,
    programId: row.programId,
    targets: row,
    text: (version, shown) => (version === '3.0.1' ? text301(row) : text310(row, shown)),
  };
}
