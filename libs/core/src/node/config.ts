import { parseDocument, stringify } from 'yaml';
import type { z } from 'zod';
import { describeError, VenfleetError } from '../errors.js';
import { readTextFile } from './files.js';

/**
 * Reads a YAML (or JSON) file against a schema.
 * @throws VenfleetError FILE_UNREADABLE; CONFIG_INVALID with every mistake at once, each as
 *   `FILE:LINE: path: reason`; keys that the schema does not know are mistakes (use z.strictObject).
 */
export function loadConfigFile<T>(path: string, schema: z.ZodType<T>, hint?: string): T {
  const text = readTextFile(path, 'the configuration file', hint);
  const document = parseDocument(text, { prettyErrors: false });
  const lineOf = (offset: number | undefined) => (offset === undefined ? 1 : text.slice(0, offset).split('\n').length);
  if (document.errors.length > 0) {
    throw invalidConfig(
      path,
      document.errors.map((e) => `${path}:${lineOf(e.pos[0])}: ${e.message}`),
    );
  }
  const parsed = schema.safeParse(toPlainValue(document, path) ?? {});
  if (parsed.success) return parsed.data;
  const findings = parsed.error.issues.flatMap(mistakesOf).map(([place, reason]) => {
    return `${path}:${lineOf(keyOffset(document, place))}: ${place.join('.') || '(top level)'}: ${reason}`;
  });
  throw invalidConfig(path, findings);
}

/** Aliases are resolved only here: one without an anchor, or a bomb of them, is a mistake of the file too. */
function toPlainValue(document: ReturnType<typeof parseDocument>, path: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw invalidConfig(path, [`${path}:1: ${describeError(cause)}`]);
  }
}

function invalidConfig(path: string, details: string[]): VenfleetError {
  return new VenfleetError('CONFIG_INVALID', `${path} has ${details.length === 1 ? 'a mistake' : `${details.length} mistakes`}`, {
    context: { path },
    details,
  });
}

type Mistake = readonly [place: readonly PropertyKey[], reason: string];

function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  // An unknown key's own line is more use than the line of the map around it.
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [[...issue.path, key], 'unknown key']);
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return mistakesOfUnion(issue);
  return [[issue.path, issue.message]];
}

/** Of several forms, the one that fits furthest is the one that was meant; where none fits at all, each is named. */
function mistakesOfUnion({ path, errors }: z.core.$ZodIssueInvalidUnion): Mistake[] {
  const forms = errors.map((issues) =>
    issues.flatMap(mistakesOf).map(([place, reason]): Mistake => [[...path, ...place], reason]),
  );
  const depth = (form: Mistake[]) => Math.max(...form.map(([place]) => place.length));
  const meant = forms.reduce((best, form) => (depth(form) > depth(best) ? form : best));
  if (depth(meant) > path.length) return meant;
  return [[path, [...new Set(forms.flat().map(([, reason]) => reason))].join(', or ')]];
}

/** Where the deepest existing part of `path` begins in the file. */
function keyOffset(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of path) {
    const items: unknown[] = (node as { items?: unknown[] } | null)?.items ?? [];
    const pair = items.find((item) => isKey((item as { key?: { value?: unknown } }).key, key)) as
      | { key: { range?: [number, number, number] }; value: unknown }
      | undefined;
    if (pair !== undefined) {
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (typeof key === 'number' && items[key] !== undefined) {
      node = items[key];
      offset = (node as { range?: [number, number, number] }).range?.[0] ?? offset;
    } else break;
  }
  return offset;
}

/** YAML reads `8000:` as a number, JavaScript objects have it as a string. */
function isKey(node: { value?: unknown } | null | undefined, key: PropertyKey): boolean {
  return node?.value !== undefined && String(node.value) === String(key);
}

/** A value as YAML, each text on one line. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}
