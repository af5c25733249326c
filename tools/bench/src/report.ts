import { arch, availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import type { Row, Target } from './row.js';
import type { Result, Verdict } from './run.js';
import type { Spread } from './statistics.js';

const NAME = 18;
const FIGURE = 20;
const RATIO = 26;

/** The head of the table that {@link resultLine} fills. */
export function headLine(): string {
  const columns = ['row'.padEnd(NAME), 'ours'.padStart(FIGURE), 'peer'.padStart(FIGURE), 'ours / peer'.padStart(RATIO)];
  return `${columns.join('')}   ${'target'.padEnd(8)}`;
}

/** One row's result on one line, its notes indented below it. */
export function resultLine({ row, verdict, reason, notes, figures }: Result): string {
  const below = notes.map((note) => `\n${' '.repeat(NAME)}  ${note}`).join('');
  const name = row.name.padEnd(NAME);
  if (figures === undefined) return `${name}  ${verdict}: ${reason}${below}`;
  const amount = ({ median }: Spread) => `${formatFigure(median)} ${row.unit}`.padStart(FIGURE);
  const { median, min, max } = figures.ratio;
  const ratio = `${formatRatio(median)} (${formatRatio(min)}–${formatRatio(max)})`.padStart(RATIO);
  return `${name}${amount(figures.ours)}${amount(figures.peer)}${ratio}   ${formatTarget(row.target).padEnd(8)} ${verdict}${below}`;
}

/** What the figures were measured on. */
export interface Machine {
  readonly cpus: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly node: string;
  /** Processes that wanted to run in the minute before. */
  readonly load: number;
}

export function describeMachine(): Machine {
  return {
    cpus: availableParallelism(),
    model: cpus()[0]?.model ?? arch(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    load: loadavg()[0] ?? 0,
  };
}

/**
 * A warning when others use the machine. Where client and server have not a core each, a ratio of two rates
 * becomes that of their work together, whatever the rounds.
 */
export function busyNote({ load, cpus }: Machine): string | undefined {
  if (load < cpus / 2) return undefined;
  return `The machine is busy (load ${load.toFixed(1)} on ${cpus} cores): rows with a client and a server come out too low.`;
}

/** How many rows hold, miss, failed or were not measured, and which. */
export function summaryLine(results: readonly Result[], smoke: boolean): string {
  const named = (verdict: Verdict) => {
    const names = results.filter((result) => result.verdict === verdict).map(({ row }) => row.name);
    return names.length === 0 ? [] : [`${names.length} ${verdict} (${names.join(', ')})`];
  };
  const holding = results.filter(({ verdict }) => verdict === 'holds').length;
  const counts = [`${holding} of ${results.length} hold`, ...named('misses'), ...named('failed'), ...named('not measured')];
  return `${counts.join(', ')}${smoke ? '; a smoke test: its figures say nothing' : ''}`;
}

/** Everything that was measured as plain data. */
export function toJson(results: readonly Result[], run: { date: string; smoke: boolean; machine: Machine }) {
  return { ...run, rows: results.map(({ row, figures, ...result }) => ({ ...describeRow(row), ...result, ...figures })) };
}

/** What each row measures, for `--list`. */
export function listText(rows: readonly Row[]): string {
  return rows
    .map((row) => {
      const slow = row.slow ? '; slow: only when named, or with --all' : '';
      return `${row.name.padEnd(NAME)}${row.what}\n${' '.repeat(NAME)}against ${row.against}\n${' '.repeat(NAME)}${formatTarget(row.target)}${slow}`;
    })
    .join('\n');
}

/** A row as plain data. */
export function describeRow({ name, what, against, unit, target, slow }: Row) {
  return { name, what, against, unit, target, slow: slow ?? false };
}

function formatTarget(target: Target): string {
  return 'atMost' in target ? `≤ ${target.atMost}×` : `≥ ${target.atLeast}×`;
}

function formatRatio(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function formatFigure(value: number): string {
  return value < 100 ? value.toPrecision(3) : Math.round(value).toLocaleString('en-US');
}
