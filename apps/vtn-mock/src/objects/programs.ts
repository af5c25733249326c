import { NOW_TEXT, type ValuesMap, validator, wire301, wire310 } from '@venfleet/openadr';
import { type Collection, type CollectionOf, collection, wellFormed } from '../http/collection.js';
import { type JsonText, member, membersOf, objectText, textOf } from '../http/json.js';
import { notFound } from '../http/problem.js';
import type { ChangedObject } from '../notify/changes.js';
import { anyTypedTarget, type Condition } from '../store/listing.js';
import type { ProgramContent, ProgramRow, Programs } from '../store/programs.js';
import { fromStrings, fromValuesMaps } from '../store/targets.js';
import type { VtnContext } from '../vtn-context.js';
import { shownTargets, visibleList, visibleObject } from './visibility.js';

/** 3.0.1's properties and the attributes that took their place in 3.1; timeZoneOffset has none, so it gets a private one. */
const ATTRIBUTE_OF = {
  programLongName: 'PROGRAM_LONG_NAME',
  retailerName: 'RETAILER_NAME',
  retailerLongName: 'RETAILER_LONG_NAME',
  programType: 'PROGRAM_TYPE',
  country: 'COUNTRY',
  principalSubdivision: 'PRINCIPAL_SUBDIVISION',
  timeZoneOffset: 'TIME_ZONE_OFFSET',
  bindingEvents: 'BINDING_EVENTS',
  localPrice: 'LOCAL',
} as const;
type Property = keyof typeof ATTRIBUTE_OF;
const PROPERTIES = Object.keys(ATTRIBUTE_OF) as Property[];
const FLAGS: readonly Property[] = ['bindingEvents', 'localPrice'];
const KNOWN_ATTRIBUTES: ReadonlySet<string> = new Set(Object.values(ATTRIBUTE_OF));

/** What both versions have alike, kept as one JSON text. */
type Shared = Pick<wire310.ProgramRequest, 'intervalPeriod' | 'programDescriptions' | 'payloadDescriptors'>;

const common = {
  kind: 'program',
  path: '/programs',
  idParam: 'programID',
  writeScope: 'write_programs',
  writers: ['BL'],
} as const;

/** 3.0.1 has no object privacy: who may read sees all. */
export function programs301(context: VtnContext): Collection {
  const { programs, store } = context;
  const schemas = { query: wire301.ProgramQuery, body: wire301.ProgramRequest, object: wire301.Program };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    readScope: 'read_all',
    schemas,
    list: ({ query, page }) => programs.page(targetConditions(query), page).map(text301),
    create: ({ body }) => text301(programs.insert(content301(body, []), store.newStamp())),
    read: ({ params }) => text301(find(programs, params)),
    replace({ params, body }) {
      const row = find(programs, params);
      const beyond301 = attributesOf(row).filter((a) => !KNOWN_ATTRIBUTES.has(a.type));
      return text301(programs.update(row, content301(body, beyond301), store.modifiedAfter(row.modified)));
    },
    remove: ({ params }) => text301(removed(programs, params)),
  };
  return collection(of);
}

function targetConditions({ targetType, targetValues }: wire301.ProgramQuery): Condition[] {
  if (targetType === undefined || targetValues === undefined) return [];
  return [anyTypedTarget('programs', targetType, targetValues)];
}

/** A VEN sees programs without targets and those with a target that it holds, and of these only such targets. */
export function programs310(context: VtnContext): Collection {
  const { programs, store } = context;
  const schemas = { query: wire310.ProgramQuery, body: wire310.ProgramRequest, object: wire310.Program };
  const of: CollectionOf<typeof schemas.query, typeof schemas.body> = {
    ...common,
    readScope: 'read_targets',
    schemas,
    list({ caller, query, page }) {
      const { conditions, shown } = visibleList(context, caller, 'programs', query.targets);
      return programs.page(conditions, page).map((row) => text310(row, shown));
    },
    create: ({ body }) => text310(programs.insert(content310(body), store.newStamp())),
    read({ caller, params }) {
      const row = find(programs, params);
      const { visible, shown } = visibleObject(context, caller, row);
      if (!visible) throw notFound('program', row.id);
      return text310(row, shown);
    },
    replace({ params, body }) {
      const row = find(programs, params);
      return text310(programs.update(row, content310(body), store.modifiedAfter(row.modified)));
    },
    remove: ({ params }) => text310(removed(programs, params)),
  };
  return collection(of);
}

function find(programs: Programs, params: Readonly<Record<string, string>>): ProgramRow {
  const id = params.programID ?? '';
  const row = programs.byId(id);
  if (row === undefined) throw notFound('program', id);
  return row;
}

function removed(programs: Programs, params: Readonly<Record<string, string>>): ProgramRow {
  const row = find(programs, params);
  programs.delete(row);
  return row;
}

const attributesOf = (row: ProgramRow): ValuesMap[] => (row.attributes === null ? [] : JSON.parse(row.attributes));

/** @param beyond301 attributes that 3.0.1 cannot express, which its writers leave as they are. */
function content301(body: wire301.ProgramRequest, beyond301: readonly ValuesMap[]): ProgramContent {
  const known = PROPERTIES.flatMap((property) => {
    const value = body[property];
    return value == null ? [] : [{ type: ATTRIBUTE_OF[property], values: [value] }];
  });
  const attributes = [...known, ...beyond301];
  const descriptors = body.payloadDescriptors?.map((d) => ({ ...d, objectType: d.objectType ?? kindOf(d) }));
  return {
    name: wellFormed('programName', body.programName),
    content: sharedText({ ...body, payloadDescriptors: descriptors } as Shared),
    attributes: attributes.length === 0 ? null : JSON.stringify(attributes),
    ...fromValuesMaps(body.targets),
  };
}

const isReportDescriptor = validator(wire301.ReportPayloadDescriptor);
const isEventDescriptor = validator(wire301.EventPayloadDescriptor);

/** 3.0.1 may leave out which kind a descriptor is of; 3.1 may not. Each kind takes the other's members for unknown ones, whatever they are. */
function kindOf(descriptor: object): string {
  const ofReport = ['readingType', 'accuracy', 'confidence'].some((key) => key in descriptor);
  const report = ofReport ? isReportDescriptor.is(descriptor) : !isEventDescriptor.is(descriptor);
  return report ? 'REPORT_PAYLOAD_DESCRIPTOR' : 'EVENT_PAYLOAD_DESCRIPTOR';
}

function content310(body: wire310.ProgramRequest): ProgramContent {
  return {
    name: wellFormed('programName', body.programName),
    content: sharedText(body),
    attributes: textOf(body.attributes),
    ...fromStrings(body.targets),
  };
}

function sharedText({ intervalPeriod, programDescriptions, payloadDescriptors }: Shared): JsonText {
  const members =
    member('intervalPeriod', textOf(intervalPeriod)) +
    member('programDescriptions', textOf(programDescriptions)) +
    member('payloadDescriptors', textOf(payloadDescriptors));
  return `{${members.slice(1)}}`;
}

function text301(row: ProgramRow): JsonText {
  const shared: Shared = JSON.parse(row.content);
  if (shared.intervalPeriod !== undefined) shared.intervalPeriod = { start: NOW_TEXT, ...shared.intervalPeriod };
  const members = { programName: row.name, ...properties301(row), ...shared };
  return objectText('PROGRAM', row, membersOf(JSON.stringify(members)) + member('targets', row.targets301));
}

/** The attributes that 3.0.1 has properties for. */
function properties301(row: ProgramRow): Partial<Record<Property, unknown>> {
  const attributes = attributesOf(row);
  const properties: Partial<Record<Property, unknown>> = {};
  for (const property of PROPERTIES) {
    const values = attributes.find((a) => a.type === ATTRIBUTE_OF[property])?.values;
    const wanted = FLAGS.includes(property) ? 'boolean' : 'string';
    if (values?.length === 1 && typeof values[0] === wanted) properties[property] = values[0];
  }
  return properties;
}

/** @param shown the targets that the reader may see; all when not given. */
function text310(row: ProgramRow, shown?: ReadonlySet<string>): JsonText {
  const members =
    member('programName', JSON.stringify(row.name)) +
    membersOf(row.content) +
    member('attributes', row.attributes) +
    member('targets', shownTargets(row.targets, shown));
  return objectText('PROGRAM', row, members);
}

export function programObject(row: ProgramRow): ChangedObject {
  return {
    objectType: 'PROGRAM',
    id: row.id,
    programId: row.id,
    targets: row,
    text: (version, shown) => (version === '3.0.1' ? text301(row) : text310(row, shown)),
  };
}
