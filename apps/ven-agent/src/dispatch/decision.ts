import type { Instant, Watts } from '@venfleet/core';
import type { ControlState } from '../control/model.js';
import { type Allocation, setpointOf } from '../planning/allocate.js';
import { type OperatingMode, operatingMode } from '../planning/operating-state.js';

/** What was decided for a resource, and what its controller made of it, from a time on. */
export interface Decision {
  readonly at: Instant;
  /** null: free. */
  readonly limit: Watts | null;
  /** The event whose limit holds. */
  readonly event: string | null;
  readonly mode: OperatingMode;
  readonly status: ControlState['status'];
  /** The limit in force as the controller said; null: none, or it has not said. */
  readonly held: Watts | null;
  /** Code of what is wrong with the controller. */
  readonly problem: string | null;
}

/** @param event the id of the event whose limit holds */
export function decisionOf(allocation: Allocation, control: ControlState, event: string | undefined, at: Instant): Decision {
  const { id } = control.resource;
  const setpoint = setpointOf(allocation, id);
  const mode = operatingMode(allocation, id, { controllerFails: !control.obeys });
  return {
    at,
    limit: setpoint.kind === 'limit' ? setpoint.limit : null,
    event: event ?? null,
    // The event is over, and its turn to be released has not come.
    mode: mode === 'normal' && control.status === 'restoring' ? 'curtailed' : mode,
    status: control.status,
    held: control.held ?? null,
    problem: control.problem?.code ?? null,
  };
}

/** Whether two say the same, whenever. */
export function isSameDecision(a: Decision, b: Decision): boolean {
  return (
    a.limit === b.limit &&
    a.event === b.event &&
    a.mode === b.mode &&
    a.status === b.status &&
    a.held === b.held &&
    a.problem === b.problem
  );
}
