import { VenfleetError } from '@venfleet/core';
import { z } from 'zod';

/** What a schema's `meta` may say of a key, beside its description. */
interface Meta {
  readonly description?: string;
  /** The value of a key that is not given. A test holds it against the program. */
  readonly default?: unknown;
  /** The same in words, where it is no plain value. */
  readonly otherwise?: string;
  /** Environment variables that go before the file. */
  readonly env?: string;
}

type Schema = z.core.JSONSchema.BaseSchema & Meta;

/** One key of a settings file. */
export interface Setting {
  /** From the top of the file: `vtn.client.id`, with `*` for names that the user chooses. */
  readonly path: readonly string[];
  readonly type: string;
  readonly isRequired: boolean;
  readonly defaultValue: unknown;
  readonly otherwise: string | undefined;
  readonly env: string | undefined;
  readonly description: string;
  /** Whether it holds other keys, which follow. */
  readonly isGroup: boolean;
}

/**
 * All keys of a settings file, each group before what it holds.
 * @throws VenfleetError DOCS_INCOMPLETE with every key that its schema does not describe
 */
export function settingsOf(schema: z.ZodType): Setting[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema;
  const settings = [...keysOf(json, [])];
  const bare = settings.filter(({ description, isGroup }) => description === '' && !isGroup);
  if (bare.length > 0) {
    throw new VenfleetError('DOCS_INCOMPLETE', 'settings without a description', {
      details: bare.map(({ path }) => path.join('.')),
      hint: "say in the key's schema what it is: .meta({ description: '…' })",
    });
  }
  return settings;
}

function* keysOf(schema: Schema, path: readonly string[]): Generator<Setting> {
  for (const { name, key, isRequired } of membersOf(schema)) {
    const at = [...path, name];
    const isGroup = membersOf(key).length > 0;
    // Any name that the user chooses: what it holds says it all.
    if (name === '*' && isGroup) {
      yield* keysOf(key, at);
      continue;
    }
    yield {
      path: at,
      type: isGroup ? '' : typeOf(key, name),
      isRequired,
      defaultValue: key.default,
      otherwise: key.otherwise,
      env: key.env,
      description: key.description ?? '',
      isGroup,
    };
    yield* keysOf(key, at);
  }
}

interface Member {
  readonly name: string;
  readonly key: Schema;
  readonly isRequired: boolean;
}

/** The keys of a group; of one that has several forms, those of all of them. */
function membersOf(schema: Schema): Member[] {
  const forms = (schema.anyOf ?? schema.oneOf ?? []) as Schema[];
  if (forms.length > 0) return forms.every(({ type }) => type === 'object') ? mergedForms(forms) : [];
  if (schema.type !== 'object') return [];
  const required = new Set(schema.required ?? []);
  const named = Object.entries(schema.properties ?? {}).map(([name, key]) => ({
    name,
    key: key as Schema,
    isRequired: required.has(name),
  }));
  const values = schema.additionalProperties;
  return typeof values === 'object' ? [...named, { name: '*', key: values as Schema, isRequired: false }] : named;
}

/** A key that not all forms have says which has it, by the key that tells the forms apart. */
function mergedForms(forms: readonly Schema[]): Member[] {
  const members = forms.map(membersOf);
  const tag = members[0]?.find(({ key }) => key.const !== undefined)?.name;
  const formOf = (form: readonly Member[]) => `${tag} ${String(form.find(({ name }) => name === tag)?.key.const)}`;
  const merged = new Map<string, Member>();
  for (const form of members) {
    for (const member of form) {
      const everywhere = members.every((other) => other.some(({ name }) => name === member.name));
      const { name, key } = member;
      if (name === tag) {
        const constants = members.map((other) => other.find((one) => one.name === tag)?.key);
        const description = constants.map((one) => `${String(one?.const)}: ${one?.description ?? ''}`).join('; ');
        merged.set(name, { ...member, key: { description, enum: constants.map((one) => one?.const as string) } });
      } else if (everywhere) merged.set(name, member);
      else merged.set(name, { ...member, key: { ...key, description: `${formOf(form)}: ${key.description ?? ''}` } });
    }
  }
  return [...merged.values()];
}

/** Units by the ends of keys, as the wire, SQL and settings all have them. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/Ms$/, 'ms'],
  [/[a-z]S$/, 's'],
  [/H$/, 'h'],
  [/Days$/, 'days'],
  [/MiB$/, 'MiB'],
  [/Kwh$/, 'kWh'],
  [/Kw$/, 'kW'],
  [/Percent$/, 'percent'],
  [/[a-z]A$/, 'A'],
];

function typeOf(schema: Schema, name: string): string {
  const forms = (schema.anyOf ?? schema.oneOf ?? []) as Schema[];
  if (forms.length > 0) return listed([...new Set(forms.map((form) => typeOf(form, name)))]);
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return listed(schema.enum.map(code));
  switch (schema.type) {
    case 'boolean':
      return '`true` or `false`';
    case 'integer':
      return `whole number${unitOf(name)}${rangeOf(schema)}`;
    case 'number':
      return `number${unitOf(name)}${rangeOf(schema)}`;
    case 'array':
      return schema.prefixItems === undefined
        ? `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items as Schema, name)}`
        : `${schema.prefixItems.length} × ${typeOf(schema.prefixItems[0] as Schema, name)}`;
    default:
      return schema.format === 'uri' ? 'URL' : 'text';
  }
}

/** The greatest whole number means that there is no bound. */
function rangeOf({ minimum, maximum }: Schema): string {
  const isBound = (bound: number | undefined): bound is number =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const [least, greatest] = [minimum, maximum].map((bound) => (isBound(bound) ? bound.toLocaleString('en') : undefined));
  if (least !== undefined && greatest !== undefined) return `, ${least} to ${greatest}`;
  if (least !== undefined) return `, at least ${least}`;
  return greatest === undefined ? '' : `, at most ${greatest}`;
}

function unitOf(name: string): string {
  const unit = UNITS.find(([ending]) => ending.test(name))?.[1];
  return unit === undefined ? '' : ` of ${unit}`;
}

export function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
