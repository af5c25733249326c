import { basename } from 'node:path';
import { type HasNow, systemClock, VenfleetError } from '@venfleet/core';
import { loadProfiles } from '@venfleet/devices/node';
import { sameSettings } from '../connections.js';
import { CsvMistakes, readCsvFile } from '../import/csv-file.js';
import type { Actor, Connection, NewConnection, Resource } from '../model.js';
import { openResourceDb, type ResourceDb } from '../resource-db.js';
import { Devices } from './devices.js';
import { CONNECTIONS, type ConnectionRow, type RefusedConnectionRow, toConnectionRow } from './rows.js';

export interface ImportConnectionsOptions {
  /** The CSV file. */
  readonly file: string;
  /** The resource database; it must be there. */
  readonly db: string;
  /** Directory of the device profiles. */
  readonly profiles: string;
  /** Finds out what would be changed, and changes nothing. */
  readonly dryRun?: boolean;
  readonly clock?: HasNow;
}

/** What becomes of one end of a site. */
export interface ConnectionChange {
  readonly resource: Resource;
  readonly actor: Actor;
  readonly change: 'created' | 'updated' | 'removed' | 'unchanged';
  /** What it was and what it is to be; null for none. */
  readonly before: Connection | null;
  readonly after: NewConnection | null;
}

export interface ImportConnectionsResult {
  readonly changes: readonly ConnectionChange[];
  /** Enabled resources that the file does not name; they keep their connections. */
  readonly unnamed: readonly Resource[];
  /** Columns of the file that were left out. */
  readonly unknownColumns: readonly string[];
}

/**
 * Gives resources the connections of an installer's CSV file, in one transaction. The same file again changes nothing.
 * @throws VenfleetError CONNECTIONS_INVALID with every mistake at once, each as `FILE:LINE: FIELD: reason`; then the
 *   database is as it was. PROFILES_INVALID, or a DB_ error.
 */
export function importConnections(options: ImportConnectionsOptions): ImportConnectionsResult {
  const { rows, unknownColumns } = readRows(options);
  const db = openResourceDb(options.db, options.dryRun ? 'readonly' : 'readwrite', options.clock ?? systemClock);
  const work = () => {
    const { changes, named, mistakes } = plan(db, rows, basename(options.file));
    if (mistakes.length > 0) throw refused(options.file, mistakes);
    if (!options.dryRun) for (const change of changes) apply(db, change);
    return { changes, unnamed: db.resources.list({ enabled: true }).filter(({ id }) => !named.has(id)), unknownColumns };
  };
  try {
    return options.dryRun ? work() : db.transaction(work);
  } finally {
    db.close();
  }
}

interface Rows {
  readonly rows: readonly (ConnectionRow | RefusedConnectionRow)[];
  readonly unknownColumns: readonly string[];
}

interface LineMistake {
  readonly line: number;
  readonly text: string;
}

function readRows({ file: path, profiles }: ImportConnectionsOptions): Rows {
  const catalog = loadProfiles(profiles);
  const name = basename(path);
  const file = readCsvFile(path, name, CONNECTIONS);
  if (file instanceof CsvMistakes) throw invalid(path, file.mistakes);
  if (file.records.length === 0) throw invalid(path, [`${name}:1: has no row below its header`]);
  return { rows: file.records.map((record) => toConnectionRow(file, record, catalog)), unknownColumns: file.unknown };
}

/** What is to be done about each row, and all mistakes: the rows' own, and those that only the database and other rows show. */
function plan(db: ResourceDb, rows: Rows['rows'], file: string) {
  const mistakes: LineMistake[] = [];
  const refuse = (line: number, field: string, reason: string) =>
    mistakes.push({ line, text: `${file}:${line}: ${field}: ${reason}` });
  const resources = new Map(db.resources.list().map((resource) => [resource.meterPointId, resource]));
  const connections = new Map(db.connections.list().map((connection) => [connection.id, connection]));
  const lines = new Map<string, number>();
  const found: { row: ConnectionRow; resource: Resource }[] = [];
  for (const row of rows) {
    const { line, meterPointId } = row;
    if ('mistakes' in row) for (const { field, reason } of row.mistakes) refuse(line, field, reason);
    if (meterPointId === undefined) continue;
    const resource = resources.get(meterPointId);
    const earlier = lines.get(meterPointId);
    if (resource === undefined) refuse(line, 'meter_point_id', `${meterPointId} is no meter point of ${db.path}`);
    else if (earlier !== undefined) refuse(line, 'meter_point_id', `${meterPointId} is also that of line ${earlier}`);
    else if ('meter' in row) found.push({ row, resource });
    if (earlier === undefined) lines.set(meterPointId, line);
  }
  const changes = found.flatMap(({ row, resource }) => changesOf(row, resource, connections));
  const named = new Set([...lines.keys()].map((meterPointId) => resources.get(meterPointId)?.id));
  const devices = new Devices();
  for (const resource of resources.values()) if (!named.has(resource.id)) devices.addPresent(resource, connections);
  for (const { row, resource } of found) {
    for (const { actor, after } of changes.filter((change) => change.resource === resource)) {
      const owner = after === null ? undefined : devices.claim(after, resource, row.line);
      if (owner !== undefined) refuse(row.line, fieldOf(actor, after), `${owner.place} is the device of ${owner.name} already`);
    }
  }
  return { changes, named, mistakes };
}

function fieldOf(actor: Actor, connection: NewConnection | null): string {
  return `${actor === 'WRITER' ? 'control_' : ''}${connection?.type === 'MQTT' ? 'topic' : 'unit'}`;
}

function changesOf(
  { meter, control }: ConnectionRow,
  resource: Resource,
  connections: ReadonlyMap<number, Connection>,
): ConnectionChange[] {
  const present = (id: number | null) => (id === null ? null : (connections.get(id) ?? null));
  const change = (actor: Actor, before: Connection | null, after: NewConnection | null): ConnectionChange => {
    return { resource, actor, change: kindOf(before, after), before, after };
  };
  const writer = present(resource.writerConnectionId);
  const wanted = control === undefined ? writer : control;
  return [
    change('READER', present(resource.readerConnectionId), meter),
    ...(writer === null && wanted === null ? [] : [change('WRITER', writer, wanted)]),
  ];
}

function kindOf(before: Connection | null, after: NewConnection | null): ConnectionChange['change'] {
  if (before === null) return after === null ? 'unchanged' : 'created';
  if (after === null) return 'removed';
  return sameSettings(before, after) ? 'unchanged' : 'updated';
}

/** A connection that another resource uses, too, is left to it. */
function apply(db: ResourceDb, { resource, actor, change: kind, before, after }: ConnectionChange): void {
  if (kind === 'unchanged') return;
  const key = actor === 'READER' ? 'readerConnectionId' : 'writerConnectionId';
  if (kind === 'updated' && before !== null && after !== null && db.connections.users(before.id) === 1) {
    db.connections.update(before.id, after);
    return;
  }
  db.resources.update(resource.resourceId, { [key]: after === null ? null : db.connections.insert(after) });
  if (before !== null) db.connections.deleteUnused(before.id);
}

function refused(path: string, mistakes: readonly LineMistake[]): VenfleetError {
  return invalid(
    path,
    [...mistakes].sort((a, b) => a.line - b.line).map(({ text }) => text),
  );
}

function invalid(path: string, details: readonly string[]): VenfleetError {
  const count = details.length === 1 ? 'a mistake' : `${details.length} mistakes`;
  return new VenfleetError('CONNECTIONS_INVALID', `${path} has ${count}; nothing was changed`, {
    context: { path },
    details,
    hint: 'mend the file and import it again; it may be imported any number of times',
  });
}
