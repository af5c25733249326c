import { addCommand, type Command, printResult } from '@venfleet/core/node';
import { addFileRestore } from '@venfleet/sqlite';
import { openResourceDb, type ResourceDb } from '../resource-db.js';
import { RESOURCE_DB_SCHEMA } from '../schema.js';
import type { FileDefaults } from './connections.js';
import { formatTable, grouped } from './table.js';

/** export, backup, restore and check: the commands that look after database files. */
export function addFileCommands(program: Command, defaults: FileDefaults): void {
  addCommand(program, 'export', "Writes one VEN's resources and connections into a database of its own, for a device on site")
    .option('--db <path>', 'the resource database', defaults.db)
    .requiredOption('--ven <name>', 'the VEN')
    .requiredOption('--out <file>', 'the new database; must not exist')
    .option('--json', 'print the result as one line of JSON')
    .action(({ db, ven, out, json }: { db: string; ven: string; out: string; json?: boolean }) =>
      withDb(db, (source) => {
        const counts = source.exportVen(ven, out);
        const text = () =>
          `Wrote ${ven} to ${out}: ${grouped(counts.resources)} resources, ${grouped(counts.connections)} connections`;
        printResult(json, { ven, out, ...counts }, text);
      }),
    );
  addCommand(program, 'backup', 'Copies the database while others use it')
    .option('--db <path>', 'the resource database', defaults.db)
    .requiredOption('--out <file>', 'the copy; must not exist')
    .option('--json', 'print the result as one line of JSON')
    .action(({ db, out, json }: { db: string; out: string; json?: boolean }) =>
      withDb(db, async (source) => {
        await source.backup(out);
        printResult(json, { db, out }, () => `Copied ${db} to ${out}`);
      }),
    );
  addFileRestore<{ db: string }>(program, {
    what: 'the resource database',
    options: (command) => command.option('--db <path>', 'the resource database', defaults.db),
    memberOf: ({ db }) => ({ name: 'resources.db', path: db, schema: RESOURCE_DB_SCHEMA }),
  });
  addCommand(program, 'check', 'Checks the database file and its content; status 1 when something is wrong')
    .option('--db <path>', 'the resource database', defaults.db)
    .option('--json', 'print the findings as one line of JSON')
    .action(({ db, json }: { db: string; json?: boolean }) =>
      withDb(db, (source) => {
        const findings = source.check();
        const resources = source.resources.count();
        const table = () => formatTable(findings.map(({ subject, problem }) => [subject, problem]));
        printResult(json, { db, ok: findings.length === 0, resources, findings }, () =>
          findings.length === 0
            ? `${db} is sound: ${grouped(resources)} resources`
            : `${table()}\n${grouped(findings.length)} findings in ${db}`,
        );
        if (findings.length > 0) process.exitCode = 1;
      }),
    );
}

async function withDb(path: string, work: (db: ResourceDb) => void | Promise<void>): Promise<void> {
  const db = openResourceDb(path, 'readonly');
  try {
    await work(db);
  } finally {
    db.close();
  }
}
