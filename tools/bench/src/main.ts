import { systemClock } from '@venfleet/core';
import { createProgram, printResult, runCli, shutdownSignal, wholeNumber } from '@venfleet/core/node';
import { busyNote, describeMachine, describeRow, headLine, listText, resultLine, summaryLine, toJson } from './report.js';
import type { Row } from './row.js';
import { ROWS } from './rows/index.js';
import { exitStatus, measureRow, type Result } from './run.js';
import { selectRows } from './select.js';

interface BenchOptions {
  readonly rounds?: number;
  readonly all?: boolean;
  readonly smoke?: boolean;
  readonly json?: boolean;
  readonly list?: boolean;
}

const ROUNDS = { smoke: 1, slow: 3, usual: 5 };

async function bench(names: readonly string[], options: BenchOptions): Promise<void> {
  const { json = false, smoke = false, list = false } = options;
  const rows = selectRows(ROWS, names, { all: options.all ?? list, smoke });
  if (list) {
    printResult(json, { rows: rows.map(describeRow) }, () => listText(rows));
    return;
  }
  const rounds = ({ slow }: Row) => options.rounds ?? ROUNDS[smoke ? 'smoke' : slow ? 'slow' : 'usual'];
  const signal = shutdownSignal();
  const say = (line: string) => json || process.stdout.write(`${line}\n`);
  const run = { date: new Date(systemClock.now()).toISOString(), smoke, machine: describeMachine() };
  const busy = busyNote(run.machine);
  const results: Result[] = [];
  say(headLine());
  for (const row of rows) {
    const result = await measureRow(row, rounds(row), { smoke, clock: systemClock, signal });
    results.push(result);
    say(resultLine(result));
  }
  printResult(json, toJson(results, run), () => ['', summaryLine(results, smoke), ...(busy ? [busy] : [])].join('\n'));
  process.exitCode = exitStatus(results, smoke);
}

const program = createProgram(
  'npm run bench --',
  'Measures venfleet against named peers, in turn, and compares the ratios with their targets',
)
  .argument('[row...]', 'rows or families of rows to measure (default: all but the slow ones)')
  .option(
    '--rounds <n>',
    `pairs of measurements for each row, after one to warm up (default: ${ROUNDS.usual}, slow rows ${ROUNDS.slow}, smoke ${ROUNDS.smoke})`,
    wholeNumber(1, 1000),
  )
  .option('--all', 'measure the slow rows too')
  .option('--smoke', 'only prove that the benchmark works: small inputs, short rounds; a missed target is no failure')
  .option('--json', 'print one line of JSON')
  .option('--list', 'list the rows instead of measuring them')
  .action(bench);

await runCli(program);
