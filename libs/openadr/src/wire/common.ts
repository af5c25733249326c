import { type Static, type TSchema, Type } from './schema.js';

/** The wire versions spoken: OpenADR 3.0.1, and 3.1 (3.1.0 and 3.1.1 have the same schemas). */
export type WireVersion = '3.0.1' | '3.1.0';

export const WIRE_VERSIONS: readonly WireVersion[] = ['3.0.1', '3.1.0'];

/**
 * A property that may also be null, which is its default (`nullable: true, default: null` in the specification).
 * @param schema one with a plain `type`.
 */
export function nullable<S extends TSchema>(schema: S) {
  const { type } = schema as { type?: unknown };
  return Type.Optional(Type.Unsafe<Static<S> | null>({ ...schema, type: [type, 'null'], default: null }));
}

/** One of several objects told apart by a constant property, so that a mistake is told for the one that was meant. */
export function discriminated<S extends TSchema[]>(
  propertyName: string,
  oneOf: [...S],
  options: { title: string; description: string },
) {
  return Type.Unsafe<Static<S[number]>>({
    type: 'object',
    required: [propertyName],
    discriminator: { propertyName },
    oneOf,
    ...options,
  });
}

/** A name or identifier that people choose: 1–128 characters of any kind. */
export function name(description: string, example: string) {
  return Type.String({ minLength: 1, maxLength: 128, description, examples: [example] });
}

/** A string whose known values are listed in the OpenADR Definition; private ones are allowed anywhere. */
export const openEnum = name;

export const ObjectId = Type.String({
  title: 'ObjectId',
  pattern: '^[a-zA-Z0-9_-]*$',
  minLength: 1,
  maxLength: 128,
  description: 'URL-safe id, assigned by the VTN.',
  examples: ['object-999'],
});

export const DateTime = Type.String({
  title: 'DateTime',
  format: 'date-time',
  description: 'RFC 3339 date and time. As the start of a period, a date in year 0000 or 0001, with or without time, means now.',
  examples: ['2026-06-15T09:30:00Z'],
});

export const Duration = Type.String({
  title: 'Duration',
  pattern: '^(-?)P(?=\\d|T\\d)(?:(\\d+)Y)?(?:(\\d+)M)?(?:(\\d+)([DW]))?(?:T(?:(\\d+)H)?(?:(\\d+)M)?(?:(\\d+(?:\\.\\d+)?)S)?)?$',
  description: 'ISO 8601 duration with weeks or days, not both. P9999Y is endless.',
  examples: ['PT1H'],
  default: 'PT0S',
});

export const OBJECT_TYPES = ['PROGRAM', 'EVENT', 'REPORT', 'SUBSCRIPTION', 'VEN', 'RESOURCE'] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

export const ObjectTypeName = Type.Enum(OBJECT_TYPES, { type: 'string', description: 'Kind of object.', examples: ['EVENT'] });

/** What the VTN adds to each object that it keeps. */
export function metadata<T extends ObjectType>(objectType: T) {
  return {
    id: ObjectId,
    createdDateTime: DateTime,
    modificationDateTime: DateTime,
    objectType: Type.Literal(objectType, { description: 'Kind of this object.' }),
  };
}

export const Point = Type.Object(
  { x: Type.Number({ format: 'float', examples: [1.0] }), y: Type.Number({ format: 'float', examples: [2.0] }) },
  { title: 'Point', description: 'A point of a curve, such as volts against vars.' },
);
export type Point = Static<typeof Point>;

/** One value of a payload: number, string, boolean, or point. */
export type Value = number | string | boolean | Point;

export const ValuesMap = Type.Object(
  {
    type: openEnum('Nature of the values: a name from the Definition, or a private one.', 'PRICE'),
    values: Type.Array(
      // One schema with several types, not anyOf: faster, and its mistakes read better.
      Type.Unsafe<Value>({
        type: ['number', 'string', 'boolean', 'object'],
        required: Point.required,
        properties: Point.properties,
        description: 'A number, text, boolean, or point {x, y}.',
      }),
      { description: 'The values, most often one.', examples: [[0.17]] },
    ),
  },
  { title: 'ValuesMap', description: 'Values of one type.' },
);
export type ValuesMap = Static<typeof ValuesMap>;

export const Attributes = Type.Array(ValuesMap, { description: 'Attributes such as LOCATION or DESCRIPTION, or private ones.' });

/** A count that the specification keeps in 32 bits. */
export function int32(description: string, options: { default?: number; minimum?: number; maximum?: number } = {}) {
  return Type.Integer({ format: 'int32', description, ...options });
}

/** The value in `intervals[].id` ties a report's interval to the event's. */
export const intervalId = int32('Number chosen by the author; not a sequence number.');

export const reportTiming = {
  aggregate: Type.Optional(
    Type.Boolean({ default: false, description: 'One report of the sum over all targeted resources, instead of one for each.' }),
  ),
  startInterval: Type.Optional(int32('Interval on which to report; −1: at the end of the last one.', { default: -1 })),
  numIntervals: Type.Optional(int32('Number of intervals to report on; −1: all.', { default: -1 })),
  historical: Type.Optional(Type.Boolean({ default: true, description: 'About the past; false asks for a forecast.' })),
  frequency: Type.Optional(int32('Intervals from one report to the next; −1: as numIntervals.', { default: -1 })),
  repeat: Type.Optional(int32('Number of reports; −1: without end.', { default: 1 })),
};

const freeText = (description: string, example: string) => Type.String({ description, examples: [example] });

export const eventName = nullable(freeText('Name for people; need not be unique.', 'price event 11-18-2026'));
export const reportName = nullable(freeText('Name for people; need not be unique.', 'Battery_usage_04112026'));
export const currency = nullable(freeText('ISO 4217 code of a price.', 'DKK'));
export const accuracy = nullable(
  Type.Number({ format: 'float', description: 'Accuracy of the values, in their unit.', examples: [0.0] }),
);
export const confidence = nullable(int32('Confidence in the values, in per cent.', { minimum: 0, maximum: 100 }));
export const bearerToken = nullable(freeText('Token that the VTN presents at the callback.', 'NCEJGI9E8ER9802UT9HUG'));
export const priority = nullable(Type.Integer({ minimum: 0, description: 'Lower numbers win; null is lowest.', examples: [0] }));

export const Operation = Type.Enum(['CREATE', 'READ', 'UPDATE', 'DELETE'], {
  type: 'string',
  description: 'What was done to an object.',
});

/** HTTP verbs in place of operations: OpenADR 3.0.0, and clients that still send them. */
export const OperationOrVerb = Type.Enum(['READ', 'CREATE', 'UPDATE', 'DELETE', 'GET', 'POST', 'PUT'], {
  type: 'string',
  description: 'Operation to be told of. The HTTP verbs are accepted as OpenADR 3.0.0 had them.',
});

/** Paging, the same on every list. */
export const paging = {
  skip: Type.Optional(int32('Records to leave out from the front.', { minimum: 0 })),
  limit: Type.Optional(int32('Most records to return.', { minimum: 0, maximum: 50 })),
};
