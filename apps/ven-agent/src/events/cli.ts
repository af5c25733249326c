import { systemClock, VenfleetError } from '@venfleet/core';
import { addCommand, type Command, printResult, usageError } from '@venfleet/core/node';
import { openResourceDb } from '@venfleet/resource-db';
import { type AgentConfig, type ConfigFlags, loadAgentConfig } from '../config.js';
import { addConfigOption, addJsonOption, addStateOption } from '../options.js';
import { EventStore, type ListedEvent } from './store.js';
import { eventsText, isPast, viewOf } from './view.js';

function addDatabaseOptions(command: Command): Command {
  addConfigOption(command).option('--events <path>', 'database of events (default: events.db beside the state)');
  return addJsonOption(addStateOption(command));
}

type EventsFlags = ConfigFlags & { ven?: string; all?: boolean; json?: boolean };

/** `events`: what the VTN wants of this agent's VENs, and what became of it. */
export function addEvents(program: Command, env: NodeJS.ProcessEnv): void {
  addDatabaseOptions(addCommand(program, 'events', 'Shows the events that this agent has seen, with their state'))
    .option('--ven <name>', 'only of this VEN')
    .option('--all', 'also those that are over, cancelled or deleted')
    .action((flags: EventsFlags) => {
      const { events: settings } = loadAgentConfig({ ...flags, auth: false }, env);
      const store = EventStore.openBeside(settings.database, systemClock, 'readonly');
      try {
        if (flags.ven !== undefined && !store.vens().includes(flags.ven)) throw venUnknown(flags.ven);
        const now = systemClock.now();
        const views = store.list({ ven: flags.ven }).map((listed) => viewOf(listed, settings.startShift, now));
        const shown = flags.all ? views : views.filter((view) => !isPast(view));
        printResult(flags.json, { events: shown }, () => eventsText(shown));
      } finally {
        store.close();
      }
    });
}

type OptOutFlags = ConfigFlags & { ven?: string; resource?: string; reason?: string; undo?: boolean; json?: boolean };

/** `opt-out EVENT`: the operator refuses an event, for VENs or for one resource, or takes that back. */
export function addOptOut(program: Command, env: NodeJS.ProcessEnv): void {
  addDatabaseOptions(
    addCommand(program, 'opt-out', 'Has VENs or a resource not follow an event; a running agent notices within a second'),
  )
    .argument('<event>', 'id of the event')
    .option('--ven <name>', 'only this VEN (default: all that have the event)')
    .option('--resource <id>', 'only this resource')
    .option('--reason <text>', 'why; it is kept and shown')
    .option('--undo', 'take the refusal back')
    .option('--db <path>', 'resource database, to find a resource in (default: config/resources.db)')
    .action((event: string, flags: OptOutFlags) => {
      if ((flags.undo ?? false) === (flags.reason !== undefined)) {
        throw usageError(flags.undo ? '--undo takes no --reason' : 'say with --reason why the event is not followed');
      }
      const config = loadAgentConfig({ ...flags, auth: false }, env);
      const ven = flags.resource === undefined ? flags.ven : venOf(flags.resource, flags.ven, config);
      const store = EventStore.openBeside(config.events.database, systemClock, 'readwrite');
      try {
        const events = findEvents(store, event, ven);
        const { resource, reason, undo } = flags;
        if (undo) undoOptOut(store, events, resource);
        else store.optOut(events, { resource, reason: reason ?? '' });
        const vens = events.map((each) => each.ven);
        const result = { event, vens, resource: resource ?? null, reason: reason ?? null, undone: undo ?? false };
        const who = resource ?? (vens.length === 1 ? vens[0] : `${vens.length} VENs`);
        printResult(flags.json, result, () => `${event}: ${who} ${undo ? 'follows it again' : 'opted out'}`);
      } finally {
        store.close();
      }
    });
}

function venUnknown(name: string): VenfleetError {
  return new VenfleetError('VEN_UNKNOWN', `this agent has not asked for events of a VEN ${name}`, {
    context: { ven: name },
    hint: 'npx nx run ven-agent:status shows the VENs',
  });
}

/** The VEN that a resource belongs to. @throws VenfleetError RESOURCE_UNKNOWN */
function venOf(resource: string, ven: string | undefined, { db: path }: AgentConfig): string {
  const db = openResourceDb(path, 'readonly');
  try {
    const found = db.resources.get(resource);
    if (found !== undefined && (ven === undefined || found.ven === ven)) return found.ven;
    const where = ven === undefined ? '' : ` of the VEN ${ven}`;
    throw new VenfleetError('RESOURCE_UNKNOWN', `there is no resource ${resource}${where} in ${path}`, {
      context: { resource },
      hint: 'npx nx run resource-db:query shows their ids',
    });
  } finally {
    db.close();
  }
}

/** @throws VenfleetError EVENT_UNKNOWN, EVENT_DELETED */
function findEvents(store: EventStore, event: string, ven: string | undefined): ListedEvent[] {
  const found = store.list({ event, ven });
  const current = found.filter(({ goneAt }) => goneAt === undefined);
  if (current.length > 0) return current;
  const whose = ven === undefined ? '' : ` for ${ven}`;
  if (found.length > 0) {
    throw new VenfleetError('EVENT_DELETED', `the VTN no longer has the event ${event}${whose}`, { context: { event } });
  }
  throw new VenfleetError('EVENT_UNKNOWN', `this agent has seen no event ${event}${whose}`, {
    context: { event },
    hint: 'npx nx run ven-agent:events shows those that it has',
  });
}

/** @throws VenfleetError OPT_OUT_UNKNOWN */
function undoOptOut(store: EventStore, events: readonly ListedEvent[], resource: string | undefined): void {
  if (store.undoOptOut(events, resource) > 0) return;
  const who = resource ?? (events.length === 1 ? events[0]?.ven : 'these VENs');
  throw new VenfleetError('OPT_OUT_UNKNOWN', `${who} did not opt out of the event ${events[0]?.event.id}`, {
    hint: 'npx nx run ven-agent:events shows who did; one for a resource is taken back with --resource',
  });
}
