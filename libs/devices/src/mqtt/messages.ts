import { VenfleetError } from '@venfleet/core';
import type { MqttMessage, MqttPoint, MqttProfile } from '../profile/types.js';
import type { PointValue, Values } from '../quantities.js';
import { fillTemplate, isObject, type JsonObject, type PayloadParameters, parseJsonObject, setAt, valueAt } from './json.js';
import { fromPayload, toPayload } from './values.js';

/**
 * The canonical values in a message. Of a whole message, a point that is missing or null is undefined;
 * of a partial one, a point that is missing is left out, so that `{ ...known, ...update }` lays it over
 * what is known (and `withDerived` then adds what is derived from it). A time stamp in the payload is not looked at: readings are stamped on receipt.
 * @returns undefined when the message is about something else (another method, an error answer).
 * @throws VenfleetError MESSAGE_UNKNOWN; PAYLOAD_MALFORMED for what is no JSON object; PAYLOAD_INVALID for a
 *   value of the wrong type, which is never taken for a number.
 */
export function decodeMessage(profile: MqttProfile, name: string, payload: Uint8Array | string): Values | undefined {
  const message = requireMessage(profile, name);
  const root = parseJsonObject(payload, `${profile.id} ${name}`);
  for (const [key, text] of Object.entries(message.where)) if (root[key] !== text) return undefined;
  const body = valueAt(root, message.select);
  if (!isObject(body)) return undefined;
  const values: Record<string, PointValue | undefined> = {};
  for (const { path, points } of message.fields) {
    const found = valueAt(body, path);
    if (found === undefined && message.partial) continue;
    for (const point of points) values[point.name] = fromPayload(point, found, `${profile.id} ${name}`);
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
  const isGiven = (point: MqttPoint) => Object.hasOwn(values, point.name);
  // A partial message speaks of no component that has not changed, not even by what is always the same.
  const spoken = new Set(message.fields.filter((f) => f.points.some(isGiven)).map((f) => f.path[0]));
  for (const { path, points } of message.fields) {
    const speaks = !message.partial || spoken.has(path[0]);
    const said = points.filter((point) => isGiven(point) || (speaks && point.initial !== undefined));
    if (said.length === 0) continue;
    const json = toPayload(said, (point) => (isGiven(point) ? values[point.name] : point.initial));
    setAt(root, [...message.select, ...path], json);
  }
  return JSON.stringify(root);
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

function requireMessage(profile: MqttProfile, name: string): MqttMessage {
  const message = profile.messages.get(name);
  if (message !== undefined) return message;
  throw new VenfleetError('MESSAGE_UNKNOWN', `the profile ${profile.id} has no message "${name}"`, {
    context: { profile: profile.id, message: name },
    hint: `it has ${[...profile.messages.keys()].join(', ')}`,
  });
}
