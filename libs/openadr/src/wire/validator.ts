import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { Static, TSchema } from './schema.js';

/** Checks values against one schema. */
export interface Validator<T> {
  /** Whether the value has the shape; stops at the first mistake. */
  is(value: unknown): value is T;
  /** Every mistake as `path: reason`, at most {@link MOST_MISTAKES}; none for a value of the shape. */
  mistakes(value: unknown): string[];
}

/** More than these help nobody, and an answer that lists them should stay small. */
const MOST_MISTAKES = 50;

/** RFC 3339 with any fraction and offset; the date alone only in the years 0000 and 0001, which mean now (User Guide). */
const RFC3339 = fullFormats['date-time'] as { validate(text: string): boolean };
const NOW = /^000[01]-\d\d-\d\d(?:[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?$/;

/** Whether a text is an OpenADR date and time, the forms that mean now included. */
export function isDateTime(text: string): boolean {
  return RFC3339.validate(text) || NOW.test(text);
}

const OPTIONS: Options = {
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  discriminator: true,
  // The schemas are ours, and tests hold them against the meta-schema; to compile that takes ten times as long as one of them.
  meta: false,
  validateSchema: false,
  formats: {
    ...fullFormats,
    'date-time': isDateTime,
    // Examples of the specification and answers of real VTNs have relative ones (`www.a.com/b`, a bare UUID).
    uri: fullFormats['uri-reference'],
  },
};

const quick = new Ajv2020(OPTIONS);
const thorough = new Ajv2020({ ...OPTIONS, allErrors: true });
// Texts of a query string become numbers, booleans and lists of one, in place.
const coercing = new Ajv2020({ ...OPTIONS, allErrors: true, coerceTypes: 'array' });

/** Compiles a schema for JSON values, when first used. */
export function validator<S extends TSchema>(schema: S): Validator<Static<S>> {
  let is: ValidateFunction | undefined;
  let all: ValidateFunction | undefined;
  return {
    is(value): value is Static<S> {
      is ??= quick.compile(schema);
      return is(value);
    },
    mistakes(value) {
      all ??= thorough.compile(schema);
      return all(value) ? [] : describe(all.errors ?? []);
    },
  };
}

/** What a query string holds: its values where the schema allows them, or the mistakes. */
export type ParsedQuery<T> = { readonly ok: true; readonly query: T } | { readonly ok: false; readonly mistakes: string[] };

/** Compiles a schema for query strings that were split into texts and, where a key is repeated, lists of texts. */
export function queryParser<S extends TSchema>(schema: S): (raw: Readonly<Record<string, unknown>>) => ParsedQuery<Static<S>> {
  let validate: ValidateFunction | undefined;
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> };
  const integers = Object.keys(properties).filter((key) => properties[key]?.type === 'integer');
  return (raw) => {
    validate ??= coercing.compile(schema);
    const query: Record<string, unknown> = { ...raw };
    for (const key of integers) if (typeof query[key] === 'string') query[key] = wholeNumber(query[key]);
    if (validate(query)) return { ok: true, query: query as Static<S> };
    return { ok: false, mistakes: describe(validate.errors ?? []) };
  };
}

/** Only digits: ajv itself would take `1e1`, `0x5` and ` 5` for numbers. */
function wholeNumber(text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
}

function describe(errors: readonly ErrorObject[]): string[] {
  // Of a choice only the verdict is told, not why each alternative fails.
  const choices = errors.filter((e) => e.keyword === 'anyOf').map((e) => `${e.schemaPath}/`);
  const lines = errors
    .filter((e) => !choices.some((path) => e.schemaPath.startsWith(path)))
    // A missing discriminator is told by the rule `required` already.
    .filter((e) => e.keyword !== 'discriminator' || e.params.tagValue !== undefined)
    .map(describeOne);
  return [...new Set(lines)].slice(0, MOST_MISTAKES);
}

function describeOne({ instancePath, keyword, params, message }: ErrorObject): string {
  const path = instancePath.split('/').slice(1).map(unescapePointer);
  if (keyword === 'required') path.push(String(params.missingProperty));
  if (keyword === 'discriminator') path.push(String(params.tag));
  return `${path.join('.') || '(body)'}: ${reason(keyword, params, message)}`;
}

function reason(keyword: string, params: Record<string, unknown>, message: string | undefined): string {
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'const':
      return `must be ${params.allowedValue}`;
    case 'type':
      return `must be ${[params.type].flat().join(' or ')}`;
    case 'format':
      return `is not a valid ${params.format}`;
    case 'anyOf':
      return 'has none of the allowed forms';
    case 'discriminator':
      return `has the unknown value ${JSON.stringify(params.tagValue)?.slice(0, 80)}`;
    default:
      return message ?? `breaks the rule ${keyword}`;
  }
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
