import { quantityOf, toBaseUnit } from '../quantities.js';
import type { MqttControlFile, MqttMessageFile, MqttPointFile, MqttProfileFile } from './mqtt-schema.js';
import type { MqttControl, MqttMessage, MqttPoint, MqttProfile } from './types.js';

/** The profile that a checked file describes: paths taken apart, units as factors, each message with its points. */
export function resolveMqtt(file: MqttProfileFile): MqttProfile {
  const { kind, id, vendor, model, source, verified, derived, availability, command, staleAfterS } = file;
  const points = file.points.map(resolvePoint);
  return {
    ...{ kind, id, vendor, model, source, verified, derived, availability, command, staleAfterS },
    messages: new Map(file.messages.map((m) => [m.name, resolveMessage(m, points)])),
    points: new Map(points.map((p) => [p.name, p])),
    queries: new Map(file.queries.map((q) => [q.name, q])),
    controls: new Map(file.controls.map((c) => [c.name, resolveControl(c)])),
  };
}

function resolveMessage(message: MqttMessageFile, points: readonly MqttPoint[]): MqttMessage {
  const { select, into, ...rest } = message;
  const prefix = into?.split('.') ?? [];
  const fields = new Map<string, { path: readonly string[]; points: MqttPoint[] }>();
  for (const point of points) {
    if (point.path.length <= prefix.length || !prefix.every((key, i) => point.path[i] === key)) continue;
    const path = point.path.slice(prefix.length);
    const field = fields.get(path.join('.'));
    if (field === undefined) fields.set(path.join('.'), { path, points: [point] });
    else field.points.push(point);
  }
  return { ...rest, select: select?.split('.') ?? [], fields: [...fields.values()] };
}

function resolvePoint(point: MqttPointFile): MqttPoint {
  const { phase, decimals, initial, monotonic } = point;
  return { ...resolveValue(point), phase, decimals, initial, monotonic };
}

function resolveControl(control: MqttControlFile): MqttControl {
  const { min, max, readback, keepaliveS, fallback } = control;
  return { ...resolveValue(control), min, max, readback, keepaliveS, fallback };
}

function resolveValue(value: { readonly name: string; readonly unit?: string | undefined; readonly path: string }) {
  const quantity = quantityOf(value.name);
  // A private value stays in the device's own unit.
  const factor = (quantity === undefined ? undefined : toBaseUnit(value.unit ?? '1')?.factor) ?? { multiplier: 1, divisor: 1 };
  return { name: value.name, quantity, path: value.path.split('.'), factor };
}
