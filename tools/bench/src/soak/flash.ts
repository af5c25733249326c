import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@venfleet/core';
import { createProgram, printResult, runCli, shutdownSignal, wholeNumber } from '@venfleet/core/node';
import { Workplace } from '../workplace.js';
import type { SoakResult } from './soak.js';
import { yearsOf } from './wear.js';

const SOAK = fileURLToPath(new URL('main.js', import.meta.url));

/** What is tried: the defaults, and what an operator may set to spare a card. */
const SETTINGS = [
  { flushMs: 1000, mergeMs: 600_000 },
  { flushMs: 1000, mergeMs: 100_000 },
  { flushMs: 10_000, mergeMs: 600_000 },
  { flushMs: 60_000, mergeMs: 1_500_000 },
];

interface Wear {
  readonly flushMs: number;
  readonly mergeMs: number;
  readonly writtenMBPerHour: number;
  /** Undefined where strace is not there. */
  readonly syncsPerHour: number | undefined;
}

async function run({ hours, json = false }: { hours: number; json?: boolean }): Promise<void> {
  const place = Workplace.open({ smoke: false, clock: systemClock, signal: shutdownSignal() });
  const say = (line: string) => json || process.stdout.write(`${line}\n`);
  try {
    const counted = await place.run('strace', ['-V']).then(
      () => true,
      () => false,
    );
    say('flush    merge     written    syncs    years on 32 GB of 29 TB, of 205 TB');
    const wear: Wear[] = [];
    for (const settings of SETTINGS) {
      const measured = await measure(place, settings, hours, counted);
      wear.push(measured);
      say(wearLine(measured));
    }
    printResult(json, { hours, wear }, () => (counted ? '' : 'syncs and years need strace (Debian package strace)'));
  } finally {
    await place.close();
  }
}

async function measure(
  place: Workplace,
  { flushMs, mergeMs }: (typeof SETTINGS)[number],
  hours: number,
  counted: boolean,
): Promise<Wear> {
  const options = ['--hours', String(hours), '--flush-ms', String(flushMs), '--merge-ms', String(mergeMs), '--json'];
  const node = [process.execPath, '--expose-gc', SOAK, ...options];
  const counts = place.path('syncs');
  const strace = ['strace', '-f', '--seccomp-bpf', '-c', '-o', counts, '-e', 'trace=fsync,fdatasync'];
  const [command, ...rest] = (counted ? [...strace, ...node] : node) as [string, ...string[]];
  const result = JSON.parse(await place.run(command, rest)) as SoakResult;
  const [first, last] = [result.samples[0], result.samples.at(-1)];
  if (first?.writtenMB === undefined || last?.writtenMB === undefined)
    throw new Error('this system does not tell what is written');
  // The first hour has the start in it.
  const writtenMBPerHour = (last.writtenMB - first.writtenMB) / (last.hour - first.hour);
  return { flushMs, mergeMs, writtenMBPerHour, syncsPerHour: counted ? syncsIn(counts) / hours : undefined };
}

/** The calls in strace's summary: `% time, seconds, usecs/call, calls, [errors,] syscall`. */
function syncsIn(path: string): number {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.reduce((sum, line) => {
    const cells = line.trim().split(/\s+/);
    return /^(fsync|fdatasync)$/.test(cells.at(-1) ?? '') ? sum + Number(cells[3]) : sum;
  }, 0);
}

function wearLine({ flushMs, mergeMs, writtenMBPerHour, syncsPerHour }: Wear): string {
  const years =
    syncsPerHour === undefined ? ['–', '–'] : [29, 205].map((tb) => yearsOf(tb, writtenMBPerHour, syncsPerHour).toFixed(0));
  return [
    `${flushMs / 1000} s`.padEnd(8),
    `${mergeMs / 1000} s`.padEnd(9),
    `${Math.round(writtenMBPerHour)} MB/h`.padEnd(10),
    `${syncsPerHour === undefined ? '–' : Math.round(syncsPerHour).toLocaleString('en')}/h`.padEnd(9),
    years.join(', '),
  ].join(' ');
}

const program = createProgram(
  'npm run flash --',
  'Measures what an agent of 627 resources writes to its disk in an hour, by its batching',
)
  .option('--hours <n>', 'simulated hours for each setting', wholeNumber(2, 24), 3)
  .option('--json', 'print one line of JSON')
  .action(run);

await runCli(program);
