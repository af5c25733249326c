import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Duration, minutes, seconds, systemClock } from '@venfleet/core';
import { createProgram, printResult, runCli, shutdownSignal, wholeNumber } from '@venfleet/core/node';
import { metersOf, metricOf, residentMemory } from './metrics.js';
import { type Stack, startStack, total, untilMet } from './stack.js';
import { Workplace } from './workplace.js';

/** How often the memory is looked at. */
const LOOK = seconds(5);
const LONGEST_START = seconds(300);
/** Until reports have gone out and heaps have found their size. */
const SETTLING = minutes(2);
/** Where Linux counts what went over each network interface. */
const COUNTERS = '/proc/net/dev';
const DATABASES = ['readings.db', 'outbox.db', 'events.db', 'decisions.db'];

interface Cost {
  readonly program: string;
  /** Cores, on average. */
  readonly cpu: number;
  /** Greatest of the looks, in MB. */
  readonly memoryMB: number;
}

interface Measurement {
  readonly vens: number;
  readonly resources: number;
  readonly onTimePercent: number;
  readonly requestsPerSecond: number;
  /** Over the loopback, of everybody: in a network namespace of its own (`unshare -n`), of these programs alone. */
  readonly megabitsPerSecond: number | null;
  readonly programs: readonly Cost[];
  /** MB of each of the agent's databases at the end. */
  readonly databasesMB: Readonly<Record<string, number>>;
}

/** What the programs take for so many VENs that are metered, reported and controlled. */
async function measure(place: Workplace, vens: number, span: Duration): Promise<Measurement> {
  const stack = await startStack(place, vens);
  await untilMet(place, stack.ops, LONGEST_START);
  await systemClock.sleep(SETTLING, place.signal);
  const views = { 'ven-agent': stack.ops, 'device-sim': stack.fleet.ops, 'vtn-mock': stack.vtn };
  const before = await look(stack, views);
  const peaks = new Map<string, number>();
  for (const end = systemClock.monotonic() + span; systemClock.monotonic() < end; ) {
    await systemClock.sleep(LOOK, place.signal);
    for (const [name, url] of Object.entries(views)) peaks.set(name, Math.max(peaks.get(name) ?? 0, await residentMemory(url)));
  }
  const after = await look(stack, views);
  const passed = (after.at - before.at) / 1000;
  const cpu = (name: string) => ((after.cpu.get(name) ?? 0) - (before.cpu.get(name) ?? 0)) / passed;
  return {
    vens,
    resources: after.meters,
    onTimePercent: (100 * (after.onTime - before.onTime)) / (after.ended - before.ended),
    requestsPerSecond: (after.requests - before.requests) / passed,
    megabitsPerSecond: after.sent === null || before.sent === null ? null : (8 * (after.sent - before.sent)) / 1e6 / passed,
    programs: Object.keys(views).map((program) => ({ program, cpu: cpu(program), memoryMB: peaks.get(program) ?? 0 })),
    databasesMB: sizesBeside(stack.fleet.db),
  };
}

async function look({ ops, vtn }: Stack, views: Readonly<Record<string, string>>) {
  const cpu = new Map<string, number>();
  for (const [name, url] of Object.entries(views)) cpu.set(name, await metricOf(url, 'process_cpu_seconds_total'));
  const meters = await metersOf(ops);
  const requests = await metricOf(vtn, 'vtn_mock_requests_total');
  return { at: systemClock.monotonic(), cpu, requests, sent: bytesSent(), meters: meters.size, ...total([...meters.values()]) };
}

/** Bytes that the loopback has carried, headers included; null where the system does not count them there. */
function bytesSent(): number | null {
  if (!existsSync(COUNTERS)) return null;
  const received = /^ *lo: *(\d+)/m.exec(readFileSync(COUNTERS, 'utf8'))?.[1];
  return received === undefined ? null : Number(received);
}

/** All files of a benchmark lie in one folder. */
function sizesBeside(db: string): Record<string, number> {
  return Object.fromEntries(
    DATABASES.map((name) => [name, (statSync(join(dirname(db), name), { throwIfNoEntry: false })?.size ?? 0) / 1e6]),
  );
}

/** What a further thousand resources cost, and what a process costs without any: a line through both measurements. */
function marginal(small: Measurement, big: Measurement): string[] {
  return big.programs.map(({ program, cpu, memoryMB }, i) => {
    const other = small.programs[i] as Cost;
    const thousands = (big.resources - small.resources) / 1000;
    const [memory, cores] = [(memoryMB - other.memoryMB) / thousands, (cpu - other.cpu) / thousands];
    const fixed = other.memoryMB - (memory * small.resources) / 1000;
    return `${program}: ${memory.toFixed(1)} MB and ${cores.toFixed(4)} cores a thousand resources, ${fixed.toFixed(0)} MB without`;
  });
}

function text(measurements: readonly Measurement[]): string {
  const lines = measurements.map((m) =>
    [
      `${m.vens} VENs, ${m.resources} resources: ${m.onTimePercent.toFixed(2)} % on time, ${m.requestsPerSecond.toFixed(1)} requests/s at the VTN${m.megabitsPerSecond === null ? '' : `, ${m.megabitsPerSecond.toFixed(1)} Mbit/s`}`,
      ...m.programs.map(({ program, cpu, memoryMB }) => `  ${program}: ${memoryMB.toFixed(0)} MB, ${cpu.toFixed(3)} cores`),
      `  ${Object.entries(m.databasesMB)
        .map(([name, size]) => `${name} ${size.toFixed(1)} MB`)
        .join(', ')}`,
    ].join('\n'),
  );
  const [small, big] = measurements;
  return [...lines, ...(small && big ? marginal(small, big) : [])].join('\n');
}

async function run({ vens, minutes: span, json }: { vens: readonly number[]; minutes: number; json?: boolean }): Promise<void> {
  const signal = shutdownSignal();
  const measurements: Measurement[] = [];
  for (const count of vens) {
    const place = Workplace.open({ smoke: false, clock: systemClock, signal });
    try {
      measurements.push(await measure(place, count, minutes(span)));
    } finally {
      await place.close();
    }
  }
  printResult(json, measurements, () => text(measurements));
}

const SIZES = [30, 158];
const program = createProgram(
  'npm run cost --',
  'Measures what the three programs take for a small and a big part of the sample fleet, metered each 10 s and reported each two minutes',
)
  .option(
    '--vens <n>',
    `the biggest so many VENs; may be given twice (default: ${SIZES.join(', ')})`,
    (value, sizes: number[] = []) => [...sizes, wholeNumber(1)(value)],
  )
  .option('--minutes <n>', 'how long to measure each', wholeNumber(1, 600), 3)
  .option('--json', 'print one line of JSON')
  .action((options: { vens?: number[]; minutes: number; json?: boolean }) => run({ ...options, vens: options.vens ?? SIZES }));

await runCli(program);
