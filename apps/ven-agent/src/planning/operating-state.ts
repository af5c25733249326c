import type { Watts } from '@venfleet/core';
import type { Allocation } from './allocate.js';
import { actsOnLoad } from './payloads.js';

/** Values of OPERATING_STATE (OpenADR 3.1 Definition, operating state enumerations; from CTA-2045). */
export type OperatingState =
  | 'NORMAL'
  | 'ERROR'
  | 'IDLE_NORMAL'
  | 'RUNNING_NORMAL'
  | 'IDLE_CURTAILED'
  | 'RUNNING_CURTAILED'
  | 'IDLE_HEIGHTENED'
  | 'RUNNING_HEIGHTENED'
  | 'IDLE_OPTED_OUT'
  | 'RUNNING_OPTED_OUT'
  | 'SGD_ERROR_CONDITION';

export interface OperatingFacts {
  /** What the meter says; undefined where it does not answer. */
  readonly power: Watts | undefined;
  /** The controller refuses, lies or does not answer. */
  readonly controllerFails: boolean;
  /** It draws more than it would, to make up for what it was denied. */
  readonly makesUp?: boolean | undefined;
}

/** From here on a resource runs rather than idles, as part of its rating. */
const RUNNING = 0.01;

/**
 * What a resource's OPERATING_STATE is. NORMAL is said while no event acts on it, whether it runs or idles; the finer
 * words tell what an event has come to.
 * @param resource PlannedResource.id and its rating
 */
export function operatingState(
  allocation: Allocation,
  { id, pMax }: { readonly id: number; readonly pMax: Watts },
  { power, controllerFails, makesUp }: OperatingFacts,
): OperatingState {
  if (power === undefined) return 'ERROR';
  const running = power > RUNNING * pMax ? 'RUNNING' : 'IDLE';
  const acting = allocation.segment.claims.filter(
    ({ demand, scope }) => actsOnLoad(demand) && scope.some((one) => one.id === id),
  );
  const own = allocation.resources.get(id);
  const limited = own?.setpoint.kind === 'limit';
  if (controllerFails && (limited || acting.length > 0)) return 'SGD_ERROR_CONDITION';
  if (limited) return `${running}_CURTAILED`;
  if (acting.some(({ optedOut }) => optedOut.has(id))) return `${running}_OPTED_OUT`;
  if (makesUp) return `${running}_HEIGHTENED`;
  return acting.length > 0 ? `${running}_NORMAL` : 'NORMAL';
}
