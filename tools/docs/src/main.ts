import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandDescription, createProgram, runCli } from '@venfleet/core/node';
import { configurationPage } from './configuration.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const PROGRAMS = ['libs/resource-db', 'apps/ven-agent', 'apps/device-sim', 'apps/vtn-mock'];
const PAGE = 'docs/configuration.md';

/** What a built program says of itself. */
function commandsOf(folder: string): CommandDescription[] {
  const text = execFileSync(process.execPath, [join(root, folder, 'dist/main.js'), '--describe'], { encoding: 'utf8' });
  return JSON.parse(text) as CommandDescription[];
}

function run({ check = false }: { check?: boolean }): void {
  const programs = PROGRAMS.map((folder) => ({ name: folder.slice(folder.indexOf('/') + 1), commands: commandsOf(folder) }));
  const page = configurationPage(programs);
  const path = join(root, PAGE);
  if (existsSync(path) && readFileSync(path, 'utf8') === page) return;
  if (check) {
    process.stderr.write(`${PAGE} is out of date: run npm run docs\n`);
    process.exitCode = 1;
  } else writeFileSync(path, page);
}

const program = createProgram('npm run docs --', 'Writes docs/configuration.md from the schemas and the programs')
  .option('--check', 'only tell whether it is up to date')
  .action(run);

await runCli(program);
