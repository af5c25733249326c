import { VenfleetError } from '@venfleet/core';
import type { JsonValue } from '../profile/mqtt-schema.js';

export type { JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/** No meter says as much; a longer payload is not worth parsing. */
const MAX_PAYLOAD_BYTES = 65_536;

/**
 * Parses a payload that must be a JSON object.
 * @throws VenfleetError PAYLOAD_MALFORMED when it is cut off, no JSON, no object, or too long.
 */
export function parseJsonObject(payload: Uint8Array | string, what: string): JsonObject {
  if (payload.length > MAX_PAYLOAD_BYTES) throw malformed(what, `it is longer than ${MAX_PAYLOAD_BYTES} bytes`);
  const text = typeof payload === 'string' ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(what, 'it is no JSON', cause);
  }
  if (!isObject(value)) throw malformed(what, 'it is no JSON object');
  return value;
}

function malformed(what: string, reason: string, cause?: unknown): VenfleetError {
  return new VenfleetError('PAYLOAD_MALFORMED', `${what} cannot be read: ${reason}`, { context: { message: what }, cause });
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at `path`; undefined where the way ends early. */
export function valueAt(root: JsonValue, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Puts `value` at `path`, making the objects on the way. */
export function setAt(root: JsonObject, path: readonly string[], value: JsonValue): void {
  let object = root;
  for (const key of path.slice(0, -1)) {
    const next = object[key];
    if (isObject(next)) object = next;
    else {
      const made: JsonObject = {};
      object[key] = made;
      object = made;
    }
  }
  object[path.at(-1) as string] = value;
}

/** What fills a payload template. */
export type PayloadParameters = Readonly<Partial<Record<'topic' | 'client' | 'id' | 'device' | 'time' | 'ts', string | number>>>;

/**
 * A copy of `template` with its placeholders filled in; a text that is a placeholder alone becomes the
 * parameter itself, number or text.
 * @throws VenfleetError PARAMETER_MISSING
 */
export function fillTemplate(template: JsonValue, parameters: PayloadParameters): JsonValue {
  if (typeof template === 'string') {
    const alone = /^\{([A-Za-z]+)\}$/.exec(template)?.[1];
    if (alone !== undefined) return parameterOf(alone, parameters);
    return template.replaceAll(/\{([A-Za-z]+)\}/g, (_, name: string) => String(parameterOf(name, parameters)));
  }
  if (Array.isArray(template)) return template.map((item) => fillTemplate(item, parameters));
  if (!isObject(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillTemplate(value, parameters)]));
}

function parameterOf(name: string, parameters: PayloadParameters): string | number {
  const value = parameters[name as keyof PayloadParameters];
  if (value === undefined) {
    throw new VenfleetError('PARAMETER_MISSING', `the payload needs {${name}}, which is not given`, {
      context: { parameter: name },
    });
  }
  return value;
}

/**
 * The inverse of {@link fillTemplate}: the parameters with which `template` becomes `value`, further keys
 * of objects aside; undefined when it cannot.
 */
export function matchTemplate(template: JsonValue, value: JsonValue | undefined): PayloadParameters | undefined {
  if (typeof template === 'string') {
    const alone = /^\{([A-Za-z]+)\}$/.exec(template)?.[1];
    if (alone === undefined) return template === value ? {} : undefined;
    return typeof value === 'string' || typeof value === 'number' ? { [alone]: value } : undefined;
  }
  if (!isObject(template)) return JSON.stringify(template) === JSON.stringify(value) ? {} : undefined;
  if (!isObject(value)) return undefined;
  let found: PayloadParameters = {};
  for (const [key, part] of Object.entries(template)) {
    const inner = matchTemplate(part, Object.hasOwn(value, key) ? value[key] : undefined);
    if (inner === undefined) return undefined;
    found = { ...found, ...inner };
  }
  return found;
}
