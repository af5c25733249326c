import { systemClock } from '@venfleet/core';
import { addCommand, type Command, printResult, usageError } from '@venfleet/core/node';
import type { GridEvent, VtnClient } from '@venfleet/openadr';
import { repeatable } from './arguments.js';
import { addConnectionOptions, atVtn, type ConnectionOptions } from './connection.js';
import { saysNothing } from './demand.js';
import {
  checkNewEvent,
  DEFAULT_PROGRAM,
  idOfProgram,
  prepareCancellation,
  prepareChange,
  prepareEvent,
  type WantedEvent,
} from './event-desk.js';
import { addDemandOptions, addScopeOptions } from './event-options.js';
import { eventTable, eventView } from './output.js';
import { andTold, type Told, toldText } from './told.js';

interface Options extends ConnectionOptions, WantedEvent {
  readonly id?: readonly string[];
  readonly modify?: string;
  readonly cancel?: string;
  readonly notify?: true;
  readonly json?: true;
}

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
  if (changed !== undefined) return await change(options, changed, 'changed', (vtn) => prepareChange(vtn, changed, options));
  if (ended !== undefined) return await change(options, ended, 'cancelled', (vtn) => prepareCancellation(vtn, ended));
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
  // Mistakes in the options are told before anybody is asked.
  checkNewEvent(options);
  await change(options, undefined, 'created', (vtn) => prepareEvent(vtn, options));
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

async function remove(options: Options): Promise<void> {
  const { id: ids = [] } = options;
  if (ids.length === 0) throw usageError('--id says which event to delete');
  await atVtn(options, async (vtn) => {
    for (const id of ids) await vtn.deleteEvent(id);
  });
  printResult(options.json, { deleted: ids }, () => `${ids.length} deleted`);
}
