import { type Duration, isAbort, seconds, systemClock } from '@venfleet/core';
import { addCommand, type Command, wholeNumber } from '@venfleet/core/node';
import type { VtnClient } from '@venfleet/openadr';
import { parseStep } from './arguments.js';
import { addConnectionOptions, atVtn, type ConnectionOptions } from './connection.js';
import { idOfProgram } from './event-desk.js';
import { type BoardRow, LoadBoard, reductionOf, totalsOf } from './load-board.js';
import { numberText, table, timeText } from './output.js';

interface Options extends ConnectionOptions {
  readonly program?: string;
  readonly ven?: string;
  readonly every?: Duration;
  readonly top: number;
  readonly once?: true;
  readonly json?: true;
}

export function addWatch(program: Command): void {
  addConnectionOptions(addCommand(program, 'watch', 'Shows the load that VENs report against their baseline, as it comes in'))
    .option('--program <NAME>', 'only events of this program')
    .option('--ven <NAME>', 'only this VEN')
    .option('--every <LENGTH>', 'how often to look (default: 5s)', parseStep)
    .option('--top <N>', 'on a terminal: so many VENs, those that have reduced most', wholeNumber(1), 20)
    .option('--once', 'look once, then end')
    .option('--json', 'print a line of JSON each time')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const show = options.json ? showJson : process.stdout.isTTY && !options.once ? showScreen : showLines();
  await atVtn(options, async (vtn, { signal }) => {
    const board = new LoadBoard();
    try {
      for (;;) {
        await look(vtn, board, options);
        show(board.rows(), options);
        if (options.once) return;
        await systemClock.sleep(options.every ?? seconds(5), signal);
      }
    } catch (error) {
      // That is how one ends it.
      if (!isAbort(error) || !signal.aborted) throw error;
    }
  });
}

/** Reads the reports that are new, event by event: those of a whole day would be read again and again. */
async function look(vtn: VtnClient, board: LoadBoard, { program, ven }: Options): Promise<void> {
  const programId = program === undefined ? undefined : await idOfProgram(vtn, program);
  const names = new Map((await vtn.listPrograms()).map(({ id, name }) => [id, name]));
  const { events } = await vtn.listEvents({ programId });
  for (const event of events) {
    if (event.reportRequests.length === 0) continue;
    const filter = { eventId: event.id, ...(ven === undefined ? {} : { clientName: ven }) };
    const reports = await vtn.listReports(filter, { enough: (page) => page.some(({ id }) => board.has(id)) });
    board.add(names.get(event.programId) ?? event.programId, reports);
  }
}

function showJson(rows: readonly BoardRow[]): void {
  const view = {
    time: timeText(systemClock.now()),
    programs: totalsOf(rows).map(({ loadW, baselineW, newest, ...rest }) => ({
      ...rest,
      loadKw: kilo(loadW),
      baselineKw: kilo(baselineW),
      reductionKw: kilo(baselineW - loadW),
      until: timeText(newest),
    })),
    vens: rows.map((row) => ({
      program: row.program,
      ven: row.ven,
      loadKw: kilo(row.load),
      baselineKw: kilo(row.baseline),
      reductionKw: row.load === undefined || row.baseline === undefined ? null : kilo(reductionOf(row)),
      quality: row.quality,
      until: timeText(row.end),
    })),
  };
  process.stdout.write(`${JSON.stringify(view)}\n`);
}

const kilo = (value: number | undefined): number | null => (value === undefined ? null : Math.round(value) / 1000);

const HEADER = ['program', 'VEN', 'load kW', 'baseline kW', 'reduction kW', 'quality', 'until'];

const cells = (row: BoardRow): string[] => [
  row.program,
  row.ven,
  numberText(kilo(row.load)),
  numberText(kilo(row.baseline)),
  row.load === undefined || row.baseline === undefined ? '–' : numberText(kilo(reductionOf(row))),
  row.quality.toLowerCase(),
  timeText(row.end),
];

/** In a pipe: a line for each VEN that has told something new. */
function showLines(): (rows: readonly BoardRow[]) => void {
  const shown = new Map<string, string>();
  return (rows) => {
    const fresh = rows.filter((row) => {
      const [key, line] = [JSON.stringify([row.program, row.ven]), cells(row).join(' ')];
      const isNew = shown.get(key) !== line;
      shown.set(key, line);
      return isNew;
    });
    if (fresh.length > 0) process.stdout.write(`${table(HEADER, [...fresh.map(cells), ...totalCells(rows)])}\n`);
    else if (rows.length === 0 && shown.size === 0) process.stdout.write('no reports of load yet\n');
  };
}

function totalCells(rows: readonly BoardRow[]): string[][] {
  return totalsOf(rows).map(({ program, vens, loadW, baselineW, newest }) => [
    program,
    `all ${vens}`,
    numberText(kilo(loadW)),
    numberText(kilo(baselineW)),
    numberText(kilo(baselineW - loadW)),
    '',
    timeText(newest),
  ]);
}

/** Clears the screen and begins at its top (ECMA-48, ED and CUP). */
const CLEAR = '\u001b[2J\u001b[H';

function showScreen(rows: readonly BoardRow[], { top }: Options): void {
  const shown = rows.slice(0, top);
  const more = rows.length > top ? `\n… and ${rows.length - top} more (--top)` : '';
  const body = rows.length === 0 ? 'no reports of load yet' : table(HEADER, [...totalCells(rows), ...shown.map(cells)]) + more;
  process.stdout.write(`${CLEAR}${timeText(systemClock.now())}, Ctrl-C ends\n\n${body}\n`);
}
