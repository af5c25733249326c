import { VenfleetError } from '@venfleet/core';
import type { MqttControl, MqttPoint } from '../profile/types.js';
import { type PointValue, valueTypeOf } from '../quantities.js';
import type { JsonValue } from './json.js';

/**
 * A point's canonical value out of JSON; null or nothing is undefined.
 * @throws VenfleetError PAYLOAD_INVALID for a value of another type than the point's.
 */
export function fromPayload(point: MqttPoint, json: JsonValue | undefined, what: string): PointValue | undefined {
  if (point.phase === undefined) return scalarFrom(point, json, what);
  if (!Array.isArray(json)) {
    // A single-phase device says one number: it is phase 1 and the sum.
    const scalar = scalarFrom(point, json, what);
    return point.phase === 1 || point.phase === 'sum' ? scalar : undefined;
  }
  const phases = json.map((item) => scalarFrom(point, item, what));
  if (point.phase !== 'sum') return phases[point.phase - 1];
  if (phases.length === 0 || !phases.every((phase) => typeof phase === 'number')) return undefined;
  return phases.reduce((a, b) => a + b, 0);
}

/** What a point or control and its JSON value have in common. */
type Scalar = Pick<MqttPoint | MqttControl, 'name' | 'quantity' | 'factor' | 'path'>;

/** One canonical value out of JSON; see {@link fromPayload}. */
export function scalarFrom(value: Scalar, json: JsonValue | undefined, what: string): PointValue | undefined {
  if (json === undefined || json === null) return undefined;
  const expected = valueTypeOf(value.quantity);
  const fits = expected === undefined ? typeof json !== 'object' : typeof json === expected;
  // JSON.parse makes Infinity of 1e999.
  if (!fits || (typeof json === 'number' && !Number.isFinite(json))) {
    const path = value.path.join('.');
    throw new VenfleetError('PAYLOAD_INVALID', `${what}: ${path} is ${JSON.stringify(json)}, not a ${expected ?? 'value'}`, {
      context: { message: what, path },
    });
  }
  return typeof json === 'number' ? (json * value.factor.multiplier) / value.factor.divisor : (json as PointValue);
}

/** The JSON of the points that share one path: a plain value, or an array by phase when there is more than one phase. */
export function toPayload(points: readonly MqttPoint[], given: (point: MqttPoint) => PointValue | undefined): JsonValue {
  const byPhase = new Map(points.map((point) => [point.phase, scalarTo(point, given(point), point.decimals)]));
  const phases = ([1, 2, 3] as const).map((phase) => byPhase.get(phase) ?? null);
  if (phases[1] !== null || phases[2] !== null) return phases;
  return byPhase.get(undefined) ?? phases[0] ?? byPhase.get('sum') ?? null;
}

/** One JSON value of a canonical one; NaN and infinities are as absent as undefined. */
export function scalarTo(value: Scalar, given: PointValue | undefined, decimals?: number): JsonValue {
  if (given === undefined || (typeof given === 'number' && !Number.isFinite(given))) return null;
  const expected = valueTypeOf(value.quantity);
  if (expected !== undefined && typeof given !== expected) {
    throw new VenfleetError('VALUE_INVALID', `${value.name} takes a ${expected}, not ${JSON.stringify(given)}`, {
      context: { point: value.name },
    });
  }
  if (typeof given !== 'number') return given;
  const number = (given * value.factor.divisor) / value.factor.multiplier;
  return decimals === undefined ? number : Number(number.toFixed(decimals));
}
