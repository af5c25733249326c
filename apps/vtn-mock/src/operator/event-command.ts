import { systemClock } from '@venfleet/core';
import { addCommand, type Command, printResult, usageError } from '@venfleet/core/node';
import { type GridEvent, isNotFound, type Program, type Target, type VtnClient } from '@venfleet/openadr';
import { repeatable } from './arguments.js';
import { addConnectionOptions, atVtn, type ConnectionOptions } from './connection.js';
import { saysNothing } from './demand.js';
import { addDemandOptions, addScopeOptions } from './event-options.js';
import { cancelled, changedEvent, type EventOptions, newEvent } from './new-event.js';
import { eventTable, eventView } from './output.js';
import { andTold, type Told, toldText } from './told.js';

interface Options extends ConnectionOptions, EventOptions {
  readonly program?: string;
  readonly target?: readonly Target[];
  readonly ven?: readonly string[];
  readonly id?: readonly string[];
  readonly modify?: string;
  readonly cancel?: string;
  readonly notify?: true;
  readonly json?: true;
}

/** The program of events whose creator names none. */
const DEFAULT_PROGRAM = 'venfleet';

export function addEvent(program: Command): void {
  const command = addCommand(program, 'event', 'Creates, changes, cancels, lists or deletes events of a running VTN')
    .argument('[action]', 'create, list or delete; create when it says what to do, else list')
    .option('--modify <ID>', 'change that event: what is not given stays')
    .option('--cancel <ID>', 'end that event now; it and its reports stay')
    .option(
      '--id <ID>',
      'delete: the event; repeatable',
      repeatable((value: string) => value),
    )
    .option('--program <NAME>', `its program, made when missing (default: ${DEFAULT_PROGRAM}); list: only those of it`)
    .option('--name <NAME>', 'name for people');
  addScopeOptions(addDemandOptions(command)).option('--json', 'print one line of JSON').action(run);
  addConnectionOptions(command);
}

async function run(action: string | undefined, options: Options): Promise<void> {
  const { modify: changed, cancel: ended } = options;
  const asked = [action, changed, ended].filter((one) => one !== undefined);
  if (asked.length > 1) throw usageError('create, list, delete, --modify and --cancel are different things: choose one');
  if (changed !== undefined) return await modify(changed, options);
  if (ended !== undefined) return await cancel(ended, options);
  const implied = saysNothing(options) && !Array.isArray(options.report) ? 'list' : 'create';
  switch (action ?? implied) {
    case 'create':
      return await create(options);
    case 'delete':
      return await remove(options);
    case 'list':
      return await list(options);
    default:
      throw usageError(`there is no action ${action}`, 'use create, list or delete');
  }
}

async function create(options: Options): Promise<void> {
  // Mistakes in the options shall not leave a program behind.
  newEvent('', [], options);
  await change(options, undefined, 'created', async (vtn) => {
    if (vtn.vtn.version === '3.0.1') refuseBeyond301(options);
    const targets = await targetsOf(vtn, options);
    const program = await programNamed(vtn, options.program ?? DEFAULT_PROGRAM);
    return () => vtn.createEvent(newEvent(program.id, targets ?? [], options));
  });
}

async function modify(id: string, options: Options): Promise<void> {
  await change(options, id, 'changed', async (vtn) => {
    if (vtn.vtn.version === '3.0.1') refuseBeyond301(options);
    const current = await eventOf(vtn, id);
    // Looked at before VENs are given targets.
    changedEvent(current, undefined, options);
    const changes = changedEvent(current, await targetsOf(vtn, options), options);
    return () => vtn.updateEvent(current, changes);
  });
}

async function cancel(id: string, options: Options): Promise<void> {
  await change(options, id, 'cancelled', async (vtn) => {
    const current = await eventOf(vtn, id);
    return () => vtn.updateEvent(current, cancelled(current));
  });
}

/** Prepares a change, makes it and, with --notify, waits until it is told. */
async function change(
  options: Options,
  id: string | undefined,
  done: string,
  prepare: (vtn: VtnClient) => Promise<() => Promise<GridEvent>>,
): Promise<void> {
  const { made, told } = await atVtn(options, async (vtn, link) => {
    const make = await prepare(vtn);
    if (options.notify === true) return await andTold(link, id, make, (event) => event.id);
    return { made: await make(), told: undefined as Told | undefined };
  });
  const notified = options.notify === true ? { notified: told ?? null } : {};
  printResult(options.json, { ...eventView(made), ...notified }, () =>
    [
      `event ${made.id} ${done}`,
      eventTable([made], systemClock.now()),
      ...(options.notify === true ? [toldText(told)] : []),
    ].join('\n'),
  );
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

function refuseBeyond301({ duration, report }: Options): void {
  if (duration !== undefined) throw usageError('--duration is for a VTN of 3.1: 3.0.1 has no such thing');
  if ((report || []).some(({ reportIntervals }) => reportIntervals !== 'INTERVALS')) {
    throw usageError('sub and open of a --report are for a VTN of 3.1: 3.0.1 has only the event’s intervals');
  }
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
async function targetsOf(vtn: VtnClient, { target, ven: names = [] }: Options): Promise<readonly Target[] | undefined> {
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

async function list(options: Options): Promise<void> {
  const found = await atVtn(options, async (vtn) => {
    const programId = options.program === undefined ? undefined : await idOfProgram(vtn, options.program);
    return await vtn.listEvents({ programId });
  });
  printResult(options.json, { ...found, events: found.events.map(eventView) }, () =>
    [
      eventTable(found.events, systemClock.now()),
      ...found.problems.map(({ id, mistakes }) => `event ${id} cannot be understood: ${mistakes.join('; ')}`),
    ].join('\n'),
  );
}

/** @throws VenfleetError USAGE */
export async function idOfProgram(vtn: VtnClient, name: string): Promise<string> {
  const [program] = await vtn.listPrograms({ name });
  if (program === undefined) throw usageError(`the VTN has no program ${name}`);
  return program.id;
}

async function remove(options: Options): Promise<void> {
  const { id: ids = [] } = options;
  if (ids.length === 0) throw usageError('--id says which event to delete');
  await atVtn(options, async (vtn) => {
    for (const id of ids) await vtn.deleteEvent(id);
  });
  printResult(options.json, { deleted: ids }, () => `${ids.length} deleted`);
}
