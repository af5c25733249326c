import { systemClock } from '@venfleet/core';
import { addCommand, type Command, printResult, usageError, wholeNumber } from '@venfleet/core/node';
import type { Program, Target, VtnClient } from '@venfleet/openadr';
import { parseLength, parsePayload, parseReport, parseStart, parseTarget, repeatable } from './arguments.js';
import { addConnectionOptions, atVtn, type ConnectionOptions } from './connection.js';
import { type EventOptions, newEvent } from './new-event.js';
import { eventTable, eventView } from './output.js';

interface Options extends ConnectionOptions, EventOptions {
  readonly program?: string;
  readonly target?: readonly Target[];
  readonly ven?: readonly string[];
  readonly id?: readonly string[];
  readonly json?: true;
}

/** The program of events whose creator names none. */
const DEFAULT_PROGRAM = 'venfleet';

export function addEvent(program: Command): void {
  const text = (value: string) => value;
  addConnectionOptions(addCommand(program, 'event', 'Creates, lists or deletes events of a running VTN, as business logic'))
    .argument('[action]', 'create, list or delete', 'list')
    .option('--program <NAME>', `create: its program, made when missing (default: ${DEFAULT_PROGRAM}); list: only those of it`)
    .option('--name <NAME>', 'create: name for people')
    .option('--start <TIME>', 'create: now, +2m, or a time with zone', parseStart(systemClock.now), 'now')
    .option('--interval <LENGTH>', 'create: length of an interval, such as 15m or PT15M (default: 1h)', parseLength)
    .option('--count <N>', 'create: number of intervals; 0 for an event that only asks for reports', wholeNumber(0, 100_000), 1)
    .option('--duration <LENGTH>', 'create, 3.1: how long the event lasts, repeating its intervals; forever', parseLength)
    .option('--payload <TYPE=VALUE>', 'create: what each interval says, such as PRICE=0.17; repeatable', repeatable(parsePayload))
    .option(
      '--report <TYPE:…>',
      'create: a report to ask for, such as USAGE:SUMMED:units=KWH:every=1h; repeatable',
      repeatable(parseReport),
    )
    .option('--priority <N>', 'create: 0 is highest', wholeNumber(0))
    .option(
      '--target <TARGET>',
      'create: whom it is for, a name (3.1) or TYPE=VALUE (3.0.1); repeatable',
      repeatable(parseTarget),
    )
    .option('--ven <NAME>', 'create: a VEN that it is for; repeatable', repeatable(text))
    .option('--id <ID>', 'delete: the event; repeatable', repeatable(text))
    .option('--json', 'print one line of JSON')
    .action(run);
}

async function run(action: string, options: Options): Promise<void> {
  if (action === 'create') return await create(options);
  if (action === 'delete') return await remove(options);
  if (action !== 'list') throw usageError(`there is no action ${action}`, 'use create, list or delete');
  await list(options);
}

async function create(options: Options): Promise<void> {
  // Mistakes in the options shall not leave a program behind.
  newEvent('', [], options);
  const event = await atVtn(options, async (vtn) => {
    if (vtn.vtn.version === '3.0.1') refuseBeyond301(options);
    const targets = [...(options.target ?? []), ...(await targetsOf(vtn, options.ven ?? []))];
    const program = await programNamed(vtn, options.program ?? DEFAULT_PROGRAM);
    return await vtn.createEvent(newEvent(program.id, targets, options));
  });
  printResult(options.json, eventView(event), () => `event ${event.id} created\n${eventTable([event], systemClock.now())}`);
}

function refuseBeyond301({ duration, report = [] }: Options): void {
  if (duration !== undefined) throw usageError('--duration is for a VTN of 3.1: 3.0.1 has no such thing');
  if (report.some(({ reportIntervals }) => reportIntervals !== 'INTERVALS')) {
    throw usageError('sub and open of a --report are for a VTN of 3.1: 3.0.1 has only the event’s intervals');
  }
}

async function programNamed(vtn: VtnClient, name: string): Promise<Program> {
  const [known] = await vtn.listPrograms({ name });
  return known ?? (await vtn.createProgram({ name }));
}

/**
 * Targets that reach VENs by name. In 3.1 a target is what a VEN was granted: each gets one of its own name, if it has
 * it not yet.
 */
async function targetsOf(vtn: VtnClient, names: readonly string[]): Promise<Target[]> {
  if (names.length === 0) return [];
  if (vtn.vtn.version === '3.0.1') return [{ type: 'VEN_NAME', values: [...names] }];
  for (const name of names) {
    const [ven] = await vtn.listVens({ name });
    if (ven === undefined) throw usageError(`the VTN has no ven ${name}`);
    if (!ven.targets.includes(name)) await vtn.updateVen({ ...ven, targets: [...ven.targets, name] }, {});
  }
  return [...names];
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

async function idOfProgram(vtn: VtnClient, name: string): Promise<string> {
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
