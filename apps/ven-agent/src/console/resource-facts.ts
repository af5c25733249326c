import type { ResourceDetail } from '@venfleet/console-api';
import type { Resource } from '@venfleet/resource-db';
import type { ControlState } from '../control/model.js';
import type { MeterStatus } from '../metering/metering.js';

/** What an installer asks first: how its meter is reached and how often, and whether it can be held to a limit. */
export function factsOf(
  { enabled, pMin, readInterval }: Resource,
  meter: MeterStatus | undefined,
  control: ControlState | undefined,
): ResourceDetail['attributes'] {
  return [
    { type: 'Meter', text: meter?.where ?? 'none that is read' },
    ...(meter === undefined ? [] : [{ type: 'Read', text: `every ${readInterval / 1000} s` }]),
    { type: 'Controller', text: control === undefined ? 'none that is commanded' : control.status },
    { type: 'Least power', text: `${pMin / 1000} kW` },
    ...(enabled ? [] : [{ type: 'Disabled', text: 'it is neither read nor controlled' }]),
  ];
}

/** What is wrong with a resource's devices, and what to do. */
export function problemsOf(meter: MeterStatus | undefined, control: ControlState | undefined): string[] {
  const told = (what: string, problem: { readonly message: string; readonly hint?: string | undefined } | undefined) =>
    problem === undefined ? [] : [`${what}: ${problem.message}${problem.hint === undefined ? '' : `; ${problem.hint}`}`];
  return [...told('Meter', meter?.problem), ...told('Controller', control?.problem)];
}
