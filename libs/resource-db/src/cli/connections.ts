import { addCommand, type Command, printResult, writeFileAtomically } from '@venfleet/core/node';
import { exportConnections } from '../installer/export-connections.js';
import { type ConnectionChange, type ImportConnectionsResult, importConnections } from '../installer/import-connections.js';
import type { NewConnection } from '../model.js';
import { openResourceDb } from '../resource-db.js';
import { placeOf } from './place.js';
import { formatTable, grouped } from './table.js';

/** Where files are when the command line does not say. */
export interface FileDefaults {
  readonly db: string;
  readonly profiles: string;
}

interface ImportFlags extends FileDefaults {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addImportConnections(program: Command, defaults: FileDefaults): void {
  addCommand(program, 'import-connections', 'Gives resources the real meters and controls of a CSV file, all or none')
    .argument('<file>', 'the CSV file: meter_point_id, host, port, unit, profile, topic, control_profile, …')
    .option('--db <path>', 'the resource database', defaults.db)
    .option('--profiles <dir>', 'the device profiles', defaults.profiles)
    .option('--dry-run', 'only show what would be changed')
    .option('--json', 'print the result as one line of JSON')
    .action((file: string, flags: ImportFlags) => {
      const { db, profiles, dryRun = false, json } = flags;
      const result = importConnections({ file, db, profiles, dryRun });
      if (result.unknownColumns.length > 0) process.stderr.write(`left out: columns ${result.unknownColumns.join(', ')}\n`);
      printResult(json, { file, db, dryRun, ...toJson(result) }, () => describe(result, db, dryRun));
    });
}

export function addExportConnections(program: Command, defaults: FileDefaults): void {
  addCommand(program, 'export-connections', 'Writes the connections as the CSV file that import-connections takes')
    .option('--db <path>', 'the resource database', defaults.db)
    .option('--ven <name>', 'only those of this VEN')
    .option('--out <file>', 'the file; without it, the CSV is printed')
    .option('--json', 'print the result as one line of JSON (with --out)')
    .action(({ db: path, ven, out, json }: { db: string; ven?: string; out?: string; json?: boolean }) => {
      const db = openResourceDb(path, 'readonly');
      try {
        const { csv, rows, leftOut } = exportConnections(db, ven);
        for (const { name, meterPointId } of leftOut) {
          process.stderr.write(`left out: ${name} (${meterPointId}), which has no meter that a row can name\n`);
        }
        if (out === undefined) process.stdout.write(csv);
        else {
          writeFileAtomically(out, csv);
          printResult(json, { out, rows, leftOut: leftOut.length }, () => `Wrote ${grouped(rows)} rows to ${out}`);
        }
      } finally {
        db.close();
      }
    });
}

const KINDS = ['created', 'updated', 'removed', 'unchanged'] as const;

function countsOf({ changes }: ImportConnectionsResult) {
  return KINDS.map((kind) => [kind, changes.filter(({ change }) => change === kind).length] as const);
}

function toJson(result: ImportConnectionsResult) {
  const { changes, unnamed, unknownColumns } = result;
  return {
    ...Object.fromEntries(countsOf(result)),
    unnamed: unnamed.map(({ meterPointId }) => meterPointId),
    unknownColumns,
    changes: changes.map(({ resource, actor, change, after }) => {
      return { meterPointId: resource.meterPointId, name: resource.name, actor, change, connection: after };
    }),
  };
}

function describe(result: ImportConnectionsResult, db: string, dryRun: boolean): string {
  const changed = result.changes.filter(({ change }) => change !== 'unchanged');
  const counts = countsOf(result).map(([kind, count]) => `${grouped(count)} ${kind}`);
  const { unnamed } = result;
  return [
    ...(changed.length === 0 ? [] : [formatTable(changed.map(rowOf))]),
    `${dryRun ? 'Nothing was changed (dry run); connections would be' : `Connections in ${db}`}: ${counts.join(', ')}`,
    ...(unnamed.length === 0 ? [] : [`${grouped(unnamed.length)} enabled resources are not in the file and keep what they have`]),
  ].join('\n');
}

function rowOf({ resource, actor, change, before, after }: ConnectionChange): string[] {
  const words = (connection: NewConnection | null) =>
    connection === null ? 'none' : `${connection.profile} ${placeOf(connection)}`;
  const what = actor === 'READER' ? 'meter' : 'control';
  const was = before === null ? '' : `(was ${words(before)})`;
  return [resource.meterPointId, resource.name, what, change, words(after), was];
}
