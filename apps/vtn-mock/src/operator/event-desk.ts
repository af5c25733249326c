import { usageError } from '@venfleet/core/node';
import { type GridEvent, isNotFound, type Program, type Target, type VtnClient } from '@venfleet/openadr';
import { cancelled, changedEvent, type EventOptions, newEvent } from './new-event.js';

/** The program of events whose creator names none. */
export const DEFAULT_PROGRAM = 'venfleet';

/** What an operator wants of an event, and whom it is to reach. */
export interface WantedEvent extends EventOptions {
  /** By name. */
  readonly program?: string;
  readonly target?: readonly Target[];
  /** VENs by name. */
  readonly ven?: readonly string[];
}

/** @throws VenfleetError USAGE with what is wrong, as far as it shows without a VTN */
export function checkNewEvent(wanted: WantedEvent): void {
  newEvent('', [], wanted);
}

/**
 * Makes everything ready that a new event needs: its program, and targets of the VENs that it is to reach.
 * @returns what creates it. @throws VenfleetError USAGE, VtnError
 */
export async function prepareEvent(vtn: VtnClient, wanted: WantedEvent): Promise<() => Promise<GridEvent>> {
  // Mistakes shall not leave a program behind.
  checkNewEvent(wanted);
  if (vtn.vtn.version === '3.0.1') refuseBeyond301(wanted);
  const targets = await targetsOf(vtn, wanted);
  const program = await programNamed(vtn, wanted.program ?? DEFAULT_PROGRAM);
  return () => vtn.createEvent(newEvent(program.id, targets ?? [], wanted));
}

/** As {@link prepareEvent}, for an event that is there: what is not wanted of it stays. */
export async function prepareChange(vtn: VtnClient, id: string, wanted: WantedEvent): Promise<() => Promise<GridEvent>> {
  if (vtn.vtn.version === '3.0.1') refuseBeyond301(wanted);
  const current = await eventOf(vtn, id);
  // Looked at before VENs are given targets.
  changedEvent(current, undefined, wanted);
  const changes = changedEvent(current, await targetsOf(vtn, wanted), wanted);
  return () => vtn.updateEvent(current, changes);
}

/** @returns what ends it now */
export async function prepareCancellation(vtn: VtnClient, id: string): Promise<() => Promise<GridEvent>> {
  const current = await eventOf(vtn, id);
  return () => vtn.updateEvent(current, cancelled(current));
}

/** @throws VenfleetError USAGE when there is none, or nobody can understand it */
export async function eventOf(vtn: VtnClient, id: string): Promise<GridEvent> {
  try {
    const decoded = await vtn.readEvent(id);
    if ('event' in decoded) return decoded.event;
    throw usageError(`event ${id} cannot be understood: ${decoded.problem.mistakes.join('; ')}`);
  } catch (error) {
    if (isNotFound(error)) throw usageError(`the VTN has no event ${id}`);
    throw error;
  }
}

function refuseBeyond301({ duration, report }: WantedEvent): void {
  if (duration !== undefined) throw usageError('--duration is for a VTN of 3.1: 3.0.1 has no such thing');
  if ((report || []).some(({ reportIntervals }) => reportIntervals !== 'INTERVALS')) {
    throw usageError('sub and open of a --report are for a VTN of 3.1: 3.0.1 has only the event’s intervals');
  }
}

/** @throws VenfleetError USAGE */
export async function idOfProgram(vtn: VtnClient, name: string): Promise<string> {
  const [program] = await vtn.listPrograms({ name });
  if (program === undefined) throw usageError(`the VTN has no program ${name}`);
  return program.id;
}

async function programNamed(vtn: VtnClient, name: string): Promise<Program> {
  const [known] = await vtn.listPrograms({ name });
  return known ?? (await vtn.createProgram({ name }));
}

/**
 * Targets as they are given, and those that reach VENs by name. In 3.1 a target is what a VEN was granted: each gets one
 * of its own name, if it has it not yet.
 * @returns undefined when none are given
 */
async function targetsOf(vtn: VtnClient, { target, ven: names = [] }: WantedEvent): Promise<readonly Target[] | undefined> {
  if (target === undefined && names.length === 0) return undefined;
  if (names.length === 0) return target;
  if (vtn.vtn.version === '3.0.1') return [...(target ?? []), { type: 'VEN_NAME', values: [...names] }];
  for (const name of names) {
    const [ven] = await vtn.listVens({ name });
    if (ven === undefined) throw usageError(`the VTN has no ven ${name}`);
    if (!ven.targets.includes(name)) await vtn.updateVen({ ...ven, targets: [...ven.targets, name] }, {});
  }
  return [...(target ?? []), ...names];
}
