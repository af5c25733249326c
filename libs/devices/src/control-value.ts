import { VenfleetError } from '@venfleet/core';
import type { ControlRules } from './profile/types.js';
import type { PointValue } from './quantities.js';

/** Why a control does not take `value`; undefined when it does. */
export function controlProblem(control: ControlRules, value: PointValue): string | undefined {
  const { quantity, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = control;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return `${value} is no value`;
    return value < min || value > max ? `${value} is not within ${min}…${max}` : undefined;
  }
  const expected = quantity?.kind === 'number' ? 'a number' : quantity?.kind === 'flag' ? 'true or false' : undefined;
  return expected === undefined || (quantity?.kind === 'flag' && typeof value === 'boolean')
    ? undefined
    : `${JSON.stringify(value)} is not ${expected}`;
}

/** @throws VenfleetError CONTROL_OUT_OF_RANGE when the control does not take `value`. */
export function checkControlValue(control: ControlRules, value: PointValue): void {
  const problem = controlProblem(control, value);
  if (problem === undefined) return;
  throw new VenfleetError('CONTROL_OUT_OF_RANGE', `${control.name} cannot be set: ${problem}`, {
    context: { control: control.name },
  });
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
