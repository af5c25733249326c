import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { VenfleetError } from '../errors.js';
import { readTextFile } from './files.js';

/**
 * Reads a YAML (or JSON) file against a schema.
 * @throws VenfleetError FILE_UNREADABLE; CONFIG_INVALID with every mistake at once, each as
 *   `FILE:LINE: path: reason`; keys that the schema does not know are mistakes (use z.strictObject).
 */
export function loadConfigFile<T>(path: string, schema: z.ZodType<T>, hint?: string): T {
  const text = readTextFile(path, 'the configuration file', hint);
  const document = parseDocument(text, { prettyErrors: true });
  const lineOf = (offset: number | undefined) => (offset === undefined ? 1 : text.slice(0, offset).split('\n').length);
  if (document.errors.length > 0) {
    throw invalidConfig(
      path,
      document.errors.map((e) => `${path}:${lineOf(e.pos[0])}: ${e.message.split('\n')[0]}`),
    );
  }
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  const findings = parsed.error.issues.flatMap((issue) => {
    // An unknown key's own line is more use than the line of the map around it.
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map((p) => {
      const reason = issue.code === 'unrecognized_keys' ? 'unknown key' : issue.message;
      return `${path}:${lineOf(keyOffset(document, p))}: ${p.join('.') || '(top level)'}: ${reason}`;
    });
  });
  throw invalidConfig(path, findings);
}

function invalidConfig(path: string, details: string[]): VenfleetError {
  return new VenfleetError('CONFIG_INVALID', `${path} has ${details.length === 1 ? 'a mistake' : `${details.length} mistakes`}`, {
    context: { path },
    details,
  });
}

/** Where the deepest existing part of `path` begins in the file. */
function keyOffset(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of path) {
    const items: unknown[] = (node as { items?: unknown[] } | null)?.items ?? [];
    const pair = items.find((item) => (item as { key?: { value?: unknown } }).key?.value === key) as
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
