import type { WireVersion } from '../../src/index.js';
import type { Schema } from './spec.js';

/** Where our schemas mean to differ from the specification: an edit of theirs, and why. */
export interface Exception {
  readonly reason: string;
  readonly versions: readonly WireVersion[];
  /** Names of our schemas that it concerns. */
  readonly ours: RegExp;
  /** Edits each schema within, from the outside in. */
  readonly edit: (schema: Schema) => void;
}

const METADATA = ['id', 'createdDateTime', 'modificationDateTime', 'objectType'];
const OBJECTS = /^(Program|Event|Report|Subscription|Ven|Resource)$/;

function isObjectOfVtn(schema: Schema): boolean {
  return METADATA.every((key) => schema.properties?.[key] !== undefined);
}

function property(schema: Schema, key: string, edit: (property: Schema) => void): void {
  const found = schema.properties?.[key];
  if (found !== undefined) edit(found);
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    reason: '3.0.1 has one schema for both directions: what the VTN adds is no part of requests, and ignored there',
    versions: ['3.0.1'],
    ours: /Request$/,
    edit: (schema) => {
      if (!isObjectOfVtn(schema)) return;
      for (const key of [...METADATA, ...(schema.properties?.resourceName === undefined ? [] : ['venID'])])
        delete schema.properties?.[key];
    },
  },
  {
    reason: '3.0.1 has one schema for both directions: what the VTN keeps always has what the VTN adds',
    versions: ['3.0.1'],
    ours: new RegExp(`${OBJECTS.source}|^Notification$`),
    edit: (schema) => {
      if (!isObjectOfVtn(schema)) return;
      const venId = schema.properties?.resourceName === undefined ? [] : ['venID'];
      schema.required = [...(schema.required ?? []), ...METADATA, ...venId];
    },
  },
  {
    reason:
      'the YAML of 3.1 lets objectType be any kind in each object, and a request’s in ven and resource: it is the object’s own',
    versions: ['3.1.0'],
    ours: new RegExp(`${OBJECTS.source}|^Notification$`),
    edit: (schema) => {
      if (!isObjectOfVtn(schema)) return;
      const has = (key: string) => schema.properties?.[key] !== undefined;
      const kinds: [string, string][] = [
        ['programName', 'PROGRAM'],
        ['venName', 'VEN'],
        ['resourceName', 'RESOURCE'],
        ['objectOperations', 'SUBSCRIPTION'],
        ['eventID', 'REPORT'],
        ['programID', 'EVENT'],
      ];
      const kind = kinds.find(([key]) => has(key))?.[1];
      property(schema, 'objectType', (objectType) => {
        objectType.type = 'string';
        objectType.enum = [kind];
        delete objectType.example;
      });
    },
  },
  {
    reason: 'the YAML has a slip of the pen here: `default: null -`',
    versions: ['3.1.0'],
    ours: /^(BlVenRequest|VenRequest|Ven|Notification)$/,
    edit: (schema) =>
      property(schema, 'targets', (targets) => {
        if (typeof targets.default === 'string') targets.default = null;
      }),
  },
  {
    reason: 'openleadr’s client leaves it out; the VTN knows the client of the VEN',
    versions: ['3.1.0'],
    ours: /^(BlResourceRequest|ResourceRequest)$/,
    edit: (schema) => {
      if (schema.properties?.objectType?.enum?.[0] === 'BL_RESOURCE_REQUEST') {
        schema.required = schema.required?.filter((key) => key !== 'clientID') ?? [];
      }
    },
  },
  {
    reason: 'OpenADR 3.0.0 had HTTP verbs, and clients still send them',
    versions: ['3.0.1', '3.1.0'],
    ours: /^Subscription(Request)?$|^ObjectOperation$|^Notification$/,
    edit: (schema) =>
      property(schema, 'operations', ({ items }) => {
        if (items !== undefined) items.enum = ['READ', 'CREATE', 'UPDATE', 'DELETE', 'GET', 'POST', 'PUT'];
      }),
  },
  {
    reason: 'RFC 6749 section 2.3.1: the client may authenticate by HTTP Basic instead',
    versions: ['3.0.1', '3.1.0'],
    ours: /^TokenRequest$/,
    edit: (schema) => {
      schema.required = schema.required?.filter((key) => !key.startsWith('client_')) ?? [];
    },
  },
  {
    reason: 'one rule for the length of all URIs, which 3.1 has for most and 3.0.1 for none',
    versions: ['3.0.1', '3.1.0'],
    ours: /^(Program|Subscription|ObjectOperation|Notification|AuthError|Problem|MqttNotifier|Notifiers)/,
    edit: (schema) => {
      if (schema.format === 'uri') Object.assign(schema, { minLength: 2, maxLength: 8000 });
    },
  },
  {
    reason: 'the example is a sentence, no URI',
    versions: ['3.0.1', '3.1.0'],
    ours: /^AuthError$/,
    edit: (schema) =>
      property(schema, 'error_uri', (uri) => {
        delete uri.example;
      }),
  },
  {
    reason: 'targetType and targetValues mean something only together; one alone is refused',
    versions: ['3.0.1'],
    ours: /^(Program|Event|Subscription|Ven|Resource)Query$/,
    edit: (schema) => {
      if (schema.properties?.targetType === undefined) return;
      schema.dependentRequired = { targetType: ['targetValues'], targetValues: ['targetType'] };
      property(schema, 'targetValues', (values) => {
        values.minItems = 1;
      });
    },
  },
  {
    reason: 'an empty text filters for nothing that exists',
    versions: ['3.0.1'],
    ours: /Query$/,
    edit: (schema) => {
      if (schema.type === 'string' && schema.enum === undefined) schema.minLength = 1;
    },
  },
];

/** Applies an edit to a schema and to all within it. */
export function editAll(schema: Schema, edit: (schema: Schema) => void): void {
  edit(schema);
  for (const part of [
    ...Object.values(schema.properties ?? {}),
    ...(schema.anyOf ?? []),
    ...(schema.items ? [schema.items] : []),
  ]) {
    editAll(part, edit);
  }
}
