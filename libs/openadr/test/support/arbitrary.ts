import fc from 'fast-check';
import type { Schema } from './spec.js';

/** Values that a schema of the specification allows, unknown properties included. */
export function arbitraryOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(arbitraryOf));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? []].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema)));
}

function ofType(type: string, schema: Schema): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? (schema.exclusiveMaximum ?? 2 ** 31) - 1 });
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'string':
      return text(schema);
    case 'array':
      return fc.array(arbitraryOf(schema.items as Schema), { maxLength: 3, minLength: schema.minItems ?? 0 });
    case 'object':
      return object(schema);
    default:
      throw new Error(`no values of type ${type}`);
  }
}

function object({ properties = {}, required = [], dependentRequired = {} }: Schema): fc.Arbitrary<unknown> {
  const known = Object.fromEntries(Object.entries(properties).map(([key, property]) => [key, arbitraryOf(property)]));
  return fc
    .tuple(
      fc.record(known, { requiredKeys: required }),
      fc.dictionary(
        fc.string({ minLength: 1 }).map((s) => `x-${s}`),
        fc.jsonValue(),
        { maxKeys: 2 },
      ),
    )
    .map(([object, unknown]): Record<string, unknown> => ({ ...unknown, ...object }))
    .filter((value) =>
      Object.entries(dependentRequired).every(([key, others]) => !(key in value) || others.every((other) => other in value)),
    );
}

function text({ format, pattern, minLength = 0, maxLength = 300 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') return dateTime;
  if (format === 'uri') return fc.webUrl({ withFragments: true, withQueryParameters: true });
  if (pattern?.includes('P(?=')) return duration;
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern.replace('*$', `{${minLength},${maxLength}}$`)));
  // JSON Schema counts characters, not UTF-16 units.
  return fc.string({ unit: 'binary', minLength, maxLength });
}

const dateTime = fc
  .tuple(
    fc.date({ noInvalidDate: true, min: new Date('1000-01-01'), max: new Date('9999-01-01') }),
    fc.constantFrom('Z', '+00:00', '-07:30', 'z'),
  )
  .map(([date, zone]) => date.toISOString().replace('Z', zone));

const count = (unit: string) =>
  fc.option(
    fc.nat(9999).map((n) => `${n}${unit}`),
    { nil: '' },
  );

const duration = fc
  .tuple(
    fc.constantFrom('', '-'),
    count('Y'),
    count('M'),
    fc.oneof(count('W'), count('D')),
    count('H'),
    count('M'),
    fc.oneof(
      count('S'),
      fc.nat(99).map((n) => `${n}.5S`),
    ),
  )
  .map(([sign, years, months, days, hours, minutes, seconds]) => {
    const time = hours + minutes + seconds;
    const date = years + months + days;
    return `${sign}P${date}${time === '' ? (date === '' ? 'T0S' : '') : `T${time}`}`;
  });

/** Values with one thing in them replaced by something else or left out: mostly, but not always, wrong. */
export function broken(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>(undefined, null, '', 'x'.repeat(129), -1, 1.5, 101, true, [], {}, 'no id!');
  return fc.tuple(values, fc.nat(), odd).map(([value, at, replacement]) => {
    const places: [container: Record<string, unknown>, key: string][] = [];
    const visit = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return;
      for (const key of Object.keys(node)) {
        places.push([node as Record<string, unknown>, key]);
        visit((node as Record<string, unknown>)[key]);
      }
    };
    const copy: unknown = structuredClone(value);
    visit(copy);
    const place = places[at % Math.max(1, places.length)];
    if (place === undefined) return replacement ?? null;
    const [container, key] = place;
    if (replacement === undefined && !Array.isArray(container)) delete container[key];
    else container[key] = replacement ?? null;
    return copy;
  });
}
