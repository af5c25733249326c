import { describe, expect, test } from '@jest/globals';
import * as TypeBox from 'typebox';
import { Type } from '../src/wire/schema.js';

/** The same schemas, built by either. */
function schemas(type: typeof Type) {
  const text = type.String({ minLength: 1 });
  return {
    text,
    number: type.Number({ minimum: 0 }),
    integer: type.Integer(),
    boolean: type.Boolean({ default: true }),
    unknown: type.Unknown(),
    unsafe: type.Unsafe<string>({ type: 'string', format: 'uri' }),
    literal: type.Literal('EVENT', { description: 'Kind.' }),
    number5: type.Literal(5),
    choice: type.Enum(['A', 'B'], { type: 'string' }),
    union: type.Union([type.String(), type.Number()], { description: 'Either.' }),
    list: type.Array(text, { maxItems: 3 }),
    record: type.Record(type.String(), text),
    object: type.Object({ a: text, b: type.Optional(type.Integer()) }, { additionalProperties: true }),
    allOptional: type.Object({ b: type.Optional(type.Object({ c: type.Boolean() })) }),
    empty: type.Object({}),
    spread: type.Object({ ...type.Object({ a: text }).properties, b: type.Optional(text) }),
  };
}

describe('the schema builder', () => {
  test.each(Object.entries(schemas(Type)))('builds %s as TypeBox does', (name, schema) => {
    const theirs = schemas(TypeBox.Type)[name as keyof ReturnType<typeof schemas>];
    expect(JSON.parse(JSON.stringify(schema))).toEqual(JSON.parse(JSON.stringify(theirs)));
  });

  test('leaves a schema that is made optional somewhere required elsewhere', () => {
    const text = Type.String();
    Type.Optional(text);
    expect(Type.Object({ text })).toMatchObject({ required: ['text'] });
  });
});
