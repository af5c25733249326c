import { existsSync } from 'node:fs';
import { addCommand, type Command, printResult } from '@venfleet/core/node';
import { ensureDevelopmentCredentials, loadCredentials } from '@venfleet/openadr';
import { type GoneResource, type PrepareResult, prepare } from '../import/prepare.js';
import { formatTable, grouped } from './table.js';

interface Options {
  readonly db: string;
  readonly source: string;
  readonly config: string;
  readonly rejects?: string;
  /** false for --no-credentials */
  readonly credentials: string | false;
  readonly prune?: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** How many resources that are gone are named on a terminal. */
const NAMED_GONE = 10;

export function addPrepare(program: Command): void {
  addCommand(program, 'prepare', 'Imports CSV files into the resource database and writes development credentials')
    .option('--db <path>', 'the resource database; made when it is missing', 'config/resources.db')
    .option('--source <dir>', 'folder of the CSV files', 'config/exampleassets')
    .option('--config <file>', 'what each file holds, and the connections', 'config/fleet.yaml')
    .option('--rejects <file>', 'where refused rows go (default: beside the database, NAME.rejects.csv)')
    .option('--credentials <file>', 'credentials for the mock VTN; existing ones stay', 'config/dev-credentials.json')
    .option('--no-credentials', 'write none: the VTN is a real one')
    .option('--prune', 'delete resources that are gone from the source')
    .option('--strict', 'import nothing when any row is refused')
    .option('--json', 'print the result as one line of JSON')
    .action(run);
}

function run(options: Options): void {
  const rejectsFile = options.rejects ?? `${options.db.replace(/\.db$/, '')}.rejects.csv`;
  const { prune = false, strict = false } = options;
  // A credentials file that cannot be extended must not come to light when the import is done.
  const { credentials: file } = options;
  if (file !== false && existsSync(file)) loadCredentials(file);
  const result = prepare({ ...options, rejects: rejectsFile, prune, strict });
  const names = result.vens.map(({ name }) => name);
  const credentials = file === false ? null : { file, ...ensureDevelopmentCredentials(file, names) };
  for (const line of notes(result)) process.stderr.write(`${line}\n`);
  const summary = {
    db: options.db,
    ...result,
    vens: result.vens.length,
    rejectsFile,
    credentials,
  };
  printResult(options.json, summary, () => describe(options, result, summary));
  if (result.rejected > 0) process.exitCode = 1;
}

/** What the user should look at: refused rows, files left out, resources gone. */
function notes({ rejections, unknownFiles, goneResources, pruned }: PrepareResult): string[] {
  const gone = ({ name, ven, resourceId }: GoneResource) => `${pruned > 0 ? 'deleted' : 'gone'}: ${name}, ${ven} (${resourceId})`;
  const more = goneResources.length - NAMED_GONE;
  return [
    ...rejections,
    ...unknownFiles.map((file) => `left out: ${file}, which the configuration does not name`),
    ...goneResources.slice(0, NAMED_GONE).map(gone),
    ...(more > 0 ? [`… and ${grouped(more)} more (--json lists them)`] : []),
    ...(goneResources.length > 0 && pruned === 0 ? ['Resources gone from the source are kept; --prune deletes them.'] : []),
  ];
}

interface Summary {
  readonly rejectsFile: string;
  /** null where none were asked for */
  readonly credentials: { readonly file: string; readonly added: number; readonly total: number } | null;
}

function describe({ source, db }: Options, result: PrepareResult, { rejectsFile, credentials }: Summary): string {
  const counts = (['created', 'updated', 'unchanged', 'rejected', 'gone', 'pruned'] as const).map((key) => [
    `  ${key}`,
    grouped(result[key]),
  ]);
  const biggest = result.vens.slice(0, 3).map(({ name, resources }) => `${name} ${grouped(resources)}`);
  return [
    `Imported ${source} into ${db}`,
    formatTable(counts),
    ...(result.rejected > 0 ? [`The refused rows are in ${rejectsFile}`] : []),
    `${grouped(result.vens.length)} VENs with ${grouped(result.resources)} resources; the biggest: ${biggest.join(', ') || 'none'}`,
    ...(credentials === null
      ? []
      : [
          `${grouped(credentials.total)} development credentials in ${credentials.file}, ${grouped(credentials.added)} of them new`,
        ]),
  ].join('\n');
}
