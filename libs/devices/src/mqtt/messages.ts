import { VenfleetError } from '@venfleet/core';
import type { MqttMessage, MqttPoint, MqttProfile } from '../profile/types.js';
import type { PointValue, Values } from '../quantities.js';
import { fillTemplate, isObject, type JsonObject, type PayloadParameters, parseJsonObject, setAt, valueAt } from './json.js';
import { fromPayload, toPayload } from './values.js';

/**
 * The canonical values in a message. Of a whole message, a point that is missing or null is undefined;
 * of a partial one, a point that is missing is left out, so that `{ ...known, ...update }` lays it over
 * what is known. A time stamp in the payload is not looked at: readings are stamped on receipt.
 * @returns undefined when the message is about something else (another method, an error answer).
 * @throws VenfleetError MESSAGE_UNKNOWN; PAYLOAD_MALFORMED for what is no JSON object; PAYLOAD_INVALID for a
 *   value of the wrong type, which is never taken for a number.
 */
export function decodeMessage(profile: MqttProfile, name: string, payload: Uint8Array | string): Values | undefined {
  const message = requireMessage(profile, name);
  const root = parseJsonObject(payload, `${profile.id} ${name}`);
  for (const [key, text] of Object.entries(message.where)) if (root[key] !== text) return undefined;
  const body = valueAt(root, pathOf(message.select));
  if (!isObject(body)) return undefined;
  const values: Record<string, PointValue | undefined> = {};
  for (const { point, path } of pointsOf(profile, message)) {
    const found = valueAt(body, path);
    if (found !== undefined || !message.partial) values[point.name] = fromPayload(point, found, `${profile.id} ${name}`);
  }
  return values;
}

/**
 * The payload that says `values`, as the device would send it: a value given as undefined is null, one not
 * given is left out, or at its `initial`. Values that the message does not carry are skipped. Energy and
 * power are in the device's units, rounded to its decimals; multi-phase values are arrays as soon as a
 * second phase has one.
 * @throws VenfleetError MESSAGE_UNKNOWN, PARAMETER_MISSING or VALUE_INVALID
 */
export function encodeMessage(profile: MqttProfile, name: string, values: Values, parameters: PayloadParameters = {}): string {
  const message = requireMessage(profile, name);
  const root = fillTemplate(message.template, parameters) as JsonObject;
  const all = pointsOf(profile, message);
  const spoken = new Set(all.filter(({ point }) => Object.hasOwn(values, point.name)).map(({ path }) => path[0]));
  const byPath = new Map<string, { path: readonly string[]; points: MqttPoint[] }>();
  for (const { point, path } of all) {
    // A partial message speaks of no component that has not changed.
    const initial = point.initial !== undefined && (!message.partial || spoken.has(path[0]));
    if (!Object.hasOwn(values, point.name) && !initial) continue;
    const key = path.join('.');
    const group = byPath.get(key) ?? { path, points: [] };
    group.points.push(point);
    byPath.set(key, group);
  }
  for (const { path, points } of byPath.values()) {
    setAt(
      root,
      [...pathOf(message.select), ...path],
      toPayload(points, (point) => givenValue(point, values)),
    );
  }
  return JSON.stringify(root);
}

function givenValue(point: MqttPoint, values: Values): PointValue | undefined {
  return Object.hasOwn(values, point.name) ? values[point.name] : point.initial;
}

/** Whether a retained or last-will payload says online; undefined for what says neither. */
export function decodeAvailability(profile: MqttProfile, payload: Uint8Array | string): boolean | undefined {
  const text = typeof payload === 'string' ? payload : Buffer.from(payload).toString();
  if (profile.availability.online.includes(text)) return true;
  return profile.availability.offline.includes(text) ? false : undefined;
}

/** What the device publishes when it comes, or leaves as its last will. */
export function encodeAvailability(profile: MqttProfile, online: boolean): string {
  return (online ? profile.availability.online : profile.availability.offline)[0] as string;
}

function pathOf(path: string | undefined): string[] {
  return path === undefined ? [] : path.split('.');
}

/** The points that a message can carry, with their paths inside its selected part. */
function pointsOf(profile: MqttProfile, message: MqttMessage): { point: MqttPoint; path: readonly string[] }[] {
  const into = pathOf(message.into);
  return [...profile.points.values()]
    .filter((point) => point.path.length > into.length && into.every((key, i) => point.path[i] === key))
    .map((point) => ({ point, path: point.path.slice(into.length) }));
}

function requireMessage(profile: MqttProfile, name: string): MqttMessage {
  const message = profile.messages.get(name);
  if (message !== undefined) return message;
  throw new VenfleetError('MESSAGE_UNKNOWN', `the profile ${profile.id} has no message "${name}"`, {
    context: { profile: profile.id, message: name },
    hint: `it has ${[...profile.messages.keys()].join(', ')}`,
  });
}
