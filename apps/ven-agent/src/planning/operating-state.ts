import type { Watts } from '@venfleet/core';
import { type Allocation, FREE } from './allocate.js';
import { actsOnLoad } from './payloads.js';

/** Values of OPERATING_STATE (OpenADR 3.1 Definition, operating state enumerations; from CTA-2045). */
export const OPERATING_STATES = [
  'ERROR',
  'NORMAL',
  'IDLE_NORMAL',
  'RUNNING_NORMAL',
  'IDLE_CURTAILED',
  'RUNNING_CURTAILED',
  'IDLE_HEIGHTENED',
  'RUNNING_HEIGHTENED',
  'IDLE_OPTED_OUT',
  'RUNNING_OPTED_OUT',
  'SGD_ERROR_CONDITION',
] as const;
export type OperatingState = (typeof OPERATING_STATES)[number];

/** What events have come to for a resource, whether it runs or idles. */
export type OperatingMode = 'normal' | 'acting' | 'curtailed' | 'heightened' | 'opted out' | 'failing';

export interface ControllerFacts {
  /** The controller refuses, lies or does not answer. */
  readonly controllerFails: boolean;
  /** It draws more than it would, to make up for what it was denied. */
  readonly makesUp?: boolean | undefined;
}

export interface OperatingFacts extends ControllerFacts {
  /** What the meter says; undefined where it does not answer. */
  readonly power: Watts | undefined;
}

/** From here on a resource runs rather than idles, as part of its rating. */
const RUNNING = 0.01;

/** @param id PlannedResource.id */
export function operatingMode(allocation: Allocation, id: number, { controllerFails, makesUp }: ControllerFacts): OperatingMode {
  const acting = allocation.segment.claims.filter(
    ({ demand, scope }) => actsOnLoad(demand) && scope.some((one) => one.id === id),
  );
  const { setpoint, load } = allocation.resources.get(id) ?? { setpoint: FREE };
  const isHeld = setpoint.kind === 'limit';
  if (controllerFails && (isHeld || acting.length > 0)) return 'failing';
  // A share of a cap that is above its load takes nothing from it.
  if (isHeld && (load === undefined || setpoint.limit < load)) return 'curtailed';
  if (acting.some(({ optedOut }) => optedOut.has(id))) return 'opted out';
  if (makesUp) return 'heightened';
  return acting.length > 0 ? 'acting' : 'normal';
}

const WORDS = {
  acting: 'NORMAL',
  curtailed: 'CURTAILED',
  heightened: 'HEIGHTENED',
  'opted out': 'OPTED_OUT',
} as const;

/**
 * The word for it. NORMAL is said while no event acts on it, whether it runs or idles; the finer words tell what an
 * event has come to.
 */
export function operatingWord(mode: OperatingMode, power: Watts | undefined, pMax: Watts): OperatingState {
  if (power === undefined) return 'ERROR';
  if (mode === 'normal') return 'NORMAL';
  if (mode === 'failing') return 'SGD_ERROR_CONDITION';
  return `${power > RUNNING * pMax ? 'RUNNING' : 'IDLE'}_${WORDS[mode]}`;
}

/** What a resource's OPERATING_STATE is now. @param resource PlannedResource.id and its rating */
export function operatingState(
  allocation: Allocation,
  { id, pMax }: { readonly id: number; readonly pMax: Watts },
  { power, ...controller }: OperatingFacts,
): OperatingState {
  return operatingWord(operatingMode(allocation, id, controller), power, pMax);
}
