import { isSame } from './decide.js';
import { TOLERANCE } from './effect.js';
import type { Command, ControllerReport, Wanted } from './model.js';

/** Whether both want the same of the resource, for whatever reason. */
export function isSameSetpoint(a: Wanted, b: Wanted): boolean {
  if (a.setpoint.kind === 'free' || b.setpoint.kind === 'free') return a.setpoint.kind === b.setpoint.kind;
  return a.setpoint.limit === b.setpoint.limit;
}

/** Whether a site that follows one limit shows it within the tolerance of the other. */
export function isSlightChange(a: Wanted, b: Wanted): boolean {
  if (a.setpoint.kind === 'free' || b.setpoint.kind === 'free') return false;
  return Math.abs(a.setpoint.limit - b.setpoint.limit) <= TOLERANCE.share * a.setpoint.limit;
}

/** Whether a controller that says `report` does what it was told. */
export function isCarriedOut(command: Command, { held, timeLeft }: ControllerReport): boolean {
  if (command.kind === 'release') return held === null;
  return held !== null && isSame(held, command.limit) && (timeLeft === undefined || timeLeft > 0);
}

export function describeCommand(command: Command): string {
  return command.kind === 'release' ? 'release its limit' : `hold ${Math.round(command.limit)} W`;
}

export function describeReport({ held, state }: ControllerReport): string {
  return held === null ? `that it holds none (${state})` : `${Math.round(held)} W (${state})`;
}
