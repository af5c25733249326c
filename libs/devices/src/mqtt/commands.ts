import { isVenfleetError } from '@venfleet/core';
import { checkControlValue, rangeProblem, requireControl } from '../control-value.js';
import type { MqttProfile, MqttQuery } from '../profile/types.js';
import type { PointValue } from '../quantities.js';
import { fillTemplate, type JsonObject, matchTemplate, type PayloadParameters, parseJsonObject, setAt, valueAt } from './json.js';
import { scalarFrom, scalarTo } from './values.js';

/**
 * The command that sets some of a device's controls, all at once.
 * @throws VenfleetError CONTROL_UNKNOWN or CONTROL_OUT_OF_RANGE; nothing is sent then.
 */
export function encodeCommand(profile: MqttProfile, values: Readonly<Record<string, PointValue>>): string {
  const root: JsonObject = {};
  for (const [name, value] of Object.entries(values)) {
    const control = requireControl(profile, name);
    checkControlValue(control, value);
    setAt(root, control.path, scalarTo(control, value));
  }
  return JSON.stringify(root);
}

/** What a device makes of a command: its controls' new values, or why it refuses the whole of it. */
export type CommandOutcome =
  | { readonly ok: true; readonly values: Readonly<Record<string, PointValue>> }
  | { readonly ok: false; readonly reason: string };

/** The inverse of {@link encodeCommand}; a key that is no control, or a value out of range, refuses all. */
export function decodeCommand(profile: MqttProfile, payload: Uint8Array | string): CommandOutcome {
  try {
    const root = parseJsonObject(payload, `${profile.id} command`);
    const tops = new Set([...profile.controls.values()].map((c) => c.path[0]));
    const unknown = Object.keys(root).find((key) => !tops.has(key));
    if (unknown !== undefined) return { ok: false, reason: `unknown key ${unknown}` };
    return readControls(profile, root);
  } catch (error) {
    if (!isVenfleetError(error, 'PAYLOAD_MALFORMED', 'PAYLOAD_INVALID')) throw error;
    return { ok: false, reason: error.message };
  }
}

function readControls(profile: MqttProfile, root: JsonObject): CommandOutcome {
  const values: Record<string, PointValue> = {};
  for (const control of profile.controls.values()) {
    const json = valueAt(root, control.path);
    if (json === undefined) continue;
    const value = scalarFrom(control, json, `${profile.id} command`);
    const problem = value === undefined ? 'null is no value' : rangeProblem(control, value);
    if (value === undefined || problem !== undefined) return { ok: false, reason: `${control.name}: ${problem}` };
    values[control.name] = value;
  }
  return Object.keys(values).length === 0 ? { ok: false, reason: 'it sets nothing' } : { ok: true, values };
}

/**
 * What to publish on a query's topic.
 * @param parameters `client` and `id` where the payload has them.
 * @throws VenfleetError PARAMETER_MISSING
 */
export function encodeQuery(query: MqttQuery, parameters: PayloadParameters = {}): string {
  return typeof query.payload === 'string' ? query.payload : JSON.stringify(fillTemplate(query.payload, parameters));
}

/**
 * The inverse, as a device sees it: which of the profile's queries on this topic template the payload is,
 * and its parameters, with which the answer is to be filled. Undefined for one that the device does not know.
 * @throws VenfleetError PAYLOAD_MALFORMED
 */
export function decodeQuery(
  profile: MqttProfile,
  topicTemplate: string,
  payload: Uint8Array | string,
): { readonly query: MqttQuery; readonly parameters: PayloadParameters } | undefined {
  const text = typeof payload === 'string' ? payload : Buffer.from(payload).toString();
  for (const query of profile.queries.values()) {
    if (query.topic !== topicTemplate) continue;
    if (typeof query.payload === 'string') {
      if (query.payload.toUpperCase() === text.trim().toUpperCase()) return { query, parameters: {} };
      continue;
    }
    const parameters = matchTemplate(query.payload, parseJsonObject(text, `${profile.id} query`));
    if (parameters !== undefined) return { query, parameters };
  }
  return undefined;
}
