import type { Derived } from './profile/types.js';
import type { PointValue, Values } from './quantities.js';

/** `values` with the derived ones added; a sum or difference with an unknown part is unknown. */
export function withDerived(derived: readonly Derived[], values: Values): Values {
  if (derived.length === 0) return values;
  const all: Record<string, PointValue | undefined> = { ...values };
  for (const formula of derived) {
    const inputs = inputsOf(formula).map((name) => all[name]);
    if (!inputs.every((input) => typeof input === 'number')) all[formula.name] = undefined;
    else all[formula.name] = 'sum' in formula ? inputs.reduce((a, b) => a + b, 0) : (inputs[0] ?? 0) - (inputs[1] ?? 0);
  }
  return all;
}

/** The points and derived values that a formula needs. */
export function inputsOf(formula: Derived): readonly string[] {
  return 'sum' in formula ? formula.sum : formula.difference;
}
