import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** A JSON Schema of the few keywords that matter to a comparison. */
export interface Schema {
  type?: string | string[];
  format?: string;
  pattern?: string;
  enum?: unknown[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
  minItems?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  dependentRequired?: Record<string, string[]>;
  items?: Schema;
  anyOf?: Schema[];
  default?: unknown;
  /** Of the specification only. */
  example?: unknown;
}

const FOLDER = process.env.OPENADR_SPEC_DIR ?? fileURLToPath(new URL('../../../../../shared/spec', import.meta.url));

/** The YAML of a version, or undefined where the specification is not at hand. */
export function loadSpec(file: string): Spec | undefined {
  const path = join(FOLDER, file);
  return existsSync(path) ? new Spec(parse(readFileSync(path, 'utf8'))) : undefined;
}

type Raw = Record<string, unknown>;

/** What a client may ask of the API, and what it is answered. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With parameters in braces: `/programs/{programID}`. */
  readonly path: string;
  /** The query's parameters as one object. */
  readonly query: Schema;
  /** Of a JSON body, where there is one. */
  readonly body: Schema | undefined;
  /** By status; undefined where the answer has no JSON body. */
  readonly answers: ReadonlyMap<number, Schema | undefined>;
}

interface RawParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Raw;
}

interface RawOperation {
  readonly parameters?: readonly RawParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Raw }>> };
  readonly responses: Readonly<Record<string, Raw>>;
}

/** An OpenAPI 3.0 document whose schemas are translated to JSON Schema, references and allOf resolved. */
export class Spec {
  readonly #schemas: Readonly<Record<string, Raw>>;
  readonly #answers: Readonly<Record<string, Raw>>;
  readonly #paths: Readonly<Record<string, Partial<Record<'get' | 'post' | 'put' | 'delete', RawOperation>>>>;

  constructor(document: { components: { schemas: Record<string, Raw>; responses: Record<string, Raw> }; paths: Raw }) {
    this.#schemas = document.components.schemas;
    this.#answers = document.components.responses;
    this.#paths = document.paths as never;
  }

  get operations(): Operation[] {
    return Object.entries(this.#paths).flatMap(([path, methods]) =>
      (['get', 'post', 'put', 'delete'] as const).flatMap((method) => {
        const raw = methods[method];
        return raw === undefined ? [] : [this.#operation(path, method.toUpperCase() as Operation['method'], raw)];
      }),
    );
  }

  #operation(path: string, method: Operation['method'], { parameters = [], requestBody, responses }: RawOperation): Operation {
    const body = requestBody?.content['application/json']?.schema;
    const answers = Object.entries(responses).map(([status, raw]) => [Number(status), this.#answer(raw)] as const);
    return {
      method,
      path,
      query: this.#queryOf(parameters),
      body: body && this.#translate(body),
      answers: new Map(answers),
    };
  }

  #answer(raw: Raw): Schema | undefined {
    const answer = typeof raw.$ref === 'string' ? this.#answers[raw.$ref.replace('#/components/responses/', '')] : raw;
    const { schema } = (answer?.content as Record<string, { schema?: Raw }> | undefined)?.['application/json'] ?? {};
    return schema && this.#translate(schema);
  }

  get names(): string[] {
    return Object.keys(this.#schemas);
  }

  schema(name: string): Schema {
    const raw = this.#schemas[name];
    if (raw === undefined) throw new Error(`the specification has no schema ${name}`);
    return this.#translate(raw);
  }

  /** The query parameters of a list as one object. */
  query(path: string): Schema {
    const parameters = this.#paths[path]?.get?.parameters;
    if (parameters === undefined) throw new Error(`the specification has no parameters of GET ${path}`);
    return this.#queryOf(parameters);
  }

  #queryOf(parameters: readonly RawParameter[]): Schema {
    const ofQuery = parameters.filter((parameter) => parameter.in === 'query');
    return {
      type: 'object',
      properties: Object.fromEntries(ofQuery.map(({ name, schema }) => [name, this.#translate(schema)])),
    };
  }

  #translate(raw: Raw): Schema {
    if (typeof raw.$ref === 'string') return this.schema(raw.$ref.replace('#/components/schemas/', ''));
    if (Array.isArray(raw.allOf)) return merge(raw.allOf.map((part) => this.#translate(part as Raw)));
    const choice = (raw.oneOf ?? raw.anyOf) as Raw[] | undefined;
    if (choice !== undefined) return choiceOf(choice.map((part) => this.#translate(part)));
    return this.#translatePlain(raw);
  }

  #translatePlain(raw: Raw): Schema {
    const { nullable, exclusiveMaximum, properties, items, description: _, ...rest } = raw;
    const schema = { ...rest } as Schema;
    if (properties !== undefined) {
      schema.type = 'object';
      schema.properties = Object.fromEntries(
        Object.entries(properties as Raw).map(([key, p]) => [key, this.#translate(p as Raw)]),
      );
    }
    if (items !== undefined) schema.items = this.#translate(items as Raw);
    if (nullable === true) schema.type = [schema.type as string, 'null'];
    if (exclusiveMaximum === true) {
      schema.exclusiveMaximum = schema.maximum as number;
      delete schema.maximum;
    }
    return schema;
  }
}

function merge(parts: Schema[]): Schema {
  const required = [...new Set(parts.flatMap((part) => part.required ?? []))];
  return { type: 'object', properties: Object.assign({}, ...parts.map((part) => part.properties)), required };
}

/** The values of a valuesMap are one schema of several types in ours; integers are numbers. */
function choiceOf(parts: Schema[]): Schema {
  const kinds = parts.map((part) => part.type);
  if (!kinds.includes('number')) return { anyOf: parts };
  const { properties, required } = parts.find((part) => part.type === 'object') as Required<Schema>;
  return { type: kinds.filter((kind) => kind !== 'integer') as string[], properties, required };
}

/** Both sides in one spelling: without texts, lists whose order means nothing sorted. */
export function normalise(schema: object): Schema {
  const raw = JSON.parse(JSON.stringify(schema)) as Schema & { const?: unknown; oneOf?: Schema[] };
  const choice = raw.oneOf ?? raw.anyOf;
  if (choice !== undefined) return { anyOf: choice.map(normalise) };
  const { type, format, pattern, minLength, maxLength, minimum, maximum, exclusiveMaximum, minItems, dependentRequired } = raw;
  const values = raw.const === undefined ? raw.enum : [raw.const];
  const kept: Schema = {
    type,
    format,
    pattern,
    minLength,
    maxLength,
    minimum,
    maximum,
    exclusiveMaximum,
    minItems,
    dependentRequired,
  } as never;
  if (Array.isArray(type)) kept.type = [...type].sort();
  if (values !== undefined) kept.enum = [...values].sort();
  if (minLength === 0) delete kept.minLength;
  if (raw.default !== undefined) kept.default = raw.default;
  if (raw.required !== undefined && raw.required.length > 0) kept.required = [...raw.required].sort();
  if (raw.items !== undefined) kept.items = normalise(raw.items);
  if (raw.properties !== undefined) {
    kept.properties = Object.fromEntries(Object.entries(raw.properties).map(([key, property]) => [key, normalise(property)]));
  }
  return JSON.parse(JSON.stringify(kept)) as Schema;
}

/** An object made of the examples that the specification gives property by property; undefined where it gives none. */
export function exampleOf(schema: Schema): unknown {
  if (schema.example !== undefined) return schema.example;
  if (schema.anyOf !== undefined) return exampleOf(schema.anyOf[0] as Schema);
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.items !== undefined) {
    const item = exampleOf(schema.items);
    return item === undefined ? undefined : [item];
  }
  if (schema.properties === undefined) return schema.default;
  const entries = Object.entries(schema.properties).map(([key, property]) => [key, exampleOf(property)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
}
