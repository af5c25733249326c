import type { Type as TypeBox } from 'typebox';

export type { Static, TSchema } from 'typebox';

type Schema = Readonly<Record<string, unknown>>;

/** TypeBox's mark of a property that need not be there. Not enumerable: it is no part of the schema. */
const OPTIONAL = '~optional';

const ofType = (type: string) => (options?: Schema) => ({ type, ...options });

/**
 * TypeBox's builder of JSON Schemas, the part that the wire modules use, with TypeBox's types. TypeBox itself only
 * has the types: at run time it is hundreds of modules that put 5 to 15 MB on an agent, and all that is wanted of them is
 * these objects, which ajv compiles.
 */
export const Type = {
  String: ofType('string'),
  Number: ofType('number'),
  Integer: ofType('integer'),
  Boolean: ofType('boolean'),
  Unknown: (options?: Schema) => ({ ...options }),
  Unsafe: (schema: Schema) => schema,
  Literal: (value: unknown, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Enum: (values: readonly unknown[], options?: Schema) => ({ enum: values, ...options }),
  Union: (anyOf: readonly Schema[], options?: Schema) => ({ anyOf, ...options }),
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  /** The keys are any texts. */
  Record: (_text: Schema, value: Schema) => ({ type: 'object', patternProperties: { '^.*$': value } }),
  Optional: (schema: Schema) => Object.defineProperty({ ...schema }, OPTIONAL, { value: true }),
  Object(properties: Readonly<Record<string, Schema>>, options?: Schema) {
    const required = Object.keys(properties).filter((key) => !(OPTIONAL in (properties[key] as Schema)));
    return { type: 'object', ...(required.length === 0 ? {} : { required }), properties, ...options };
  },
} as unknown as Pick<
  typeof TypeBox,
  | 'String'
  | 'Number'
  | 'Integer'
  | 'Boolean'
  | 'Unknown'
  | 'Unsafe'
  | 'Literal'
  | 'Enum'
  | 'Union'
  | 'Array'
  | 'Record'
  | 'Optional'
  | 'Object'
>;
