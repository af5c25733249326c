import { VenfleetError } from '@venfleet/core';
import type { ControlRules } from './profile/types.js';
import { type PointValue, valueTypeOf } from './quantities.js';

/** Why a value that a device was given is out of the control's range; undefined when it is within. */
export function rangeProblem(control: ControlRules, value: PointValue): string | undefined {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = control;
  if (typeof value !== 'number' || (Number.isFinite(value) && value >= min && value <= max)) return undefined;
  return `${value} is not within ${min}…${max}`;
}

/** @throws VenfleetError VALUE_INVALID or CONTROL_OUT_OF_RANGE when the control does not take `value`. */
export function checkControlValue(control: ControlRules, value: PointValue): void {
  const { name, quantity } = control;
  const context = { control: name };
  const expected = valueTypeOf(quantity);
  if (expected !== undefined && typeof value !== expected) {
    throw new VenfleetError('VALUE_INVALID', `${name} takes a ${expected}, not ${JSON.stringify(value)}`, { context });
  }
  const problem = rangeProblem(control, value);
  if (problem !== undefined) throw new VenfleetError('CONTROL_OUT_OF_RANGE', `${name} cannot be set: ${problem}`, { context });
}

/** @throws VenfleetError CONTROL_UNKNOWN when the profile has no such control. */
export function requireControl<T>(profile: { readonly id: string; readonly controls: ReadonlyMap<string, T> }, name: string): T {
  const control = profile.controls.get(name);
  if (control !== undefined) return control;
  const known = [...profile.controls.keys()];
  throw new VenfleetError('CONTROL_UNKNOWN', `the profile ${profile.id} has no control "${name}"`, {
    context: { profile: profile.id, control: name },
    hint: known.length === 0 ? 'it is a meter only' : `it has ${known.join(', ')}`,
  });
}
