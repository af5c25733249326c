import { systemClock } from '@venfleet/core';
import { createProgram, InvalidArgumentError, printResult, runCli, shutdownSignal, wholeNumber } from '@venfleet/core/node';
import { Workplace } from '../workplace.js';
import { type SoakResult, type SoakSample, soak } from './soak.js';
import { findingsOf } from './verdict.js';

interface Flags {
  readonly hours: number;
  readonly ven?: string;
  readonly flushMs?: number;
  readonly mergeMs?: number;
  readonly json?: boolean;
}

async function run({ hours, ven, flushMs, mergeMs, json = false }: Flags): Promise<void> {
  const say = (line: string) => json || process.stdout.write(`${line}\n`);
  const place = Workplace.open({ smoke: false, clock: systemClock, signal: shutdownSignal() });
  try {
    say('hour   RSS MB  heap MB  written MB   readings');
    const onHour = (sample: SoakSample) => say(sampleLine(sample));
    const result = await soak(place, { hours, ven, flushIntervalMs: flushMs, mergeIntervalMs: mergeMs, onHour });
    const findings = findingsOf(result, flushMs !== undefined || mergeMs !== undefined);
    printResult(json, { ...result, findings }, () => summary(result, findings));
    process.exitCode = findings.length === 0 ? 0 : 1;
  } finally {
    await place.close();
  }
}

const number = (value: number): string => value.toLocaleString('en');

function sampleLine({ hour, rssMB, heapMB, writtenMB, readings }: SoakSample): string {
  const cells = [number(rssMB), number(heapMB), writtenMB === undefined ? '–' : number(writtenMB), number(readings)];
  return `${String(hour).padStart(4)} ${cells.map((cell, i) => cell.padStart([8, 8, 11, 10][i] as number)).join(' ')}`;
}

function summary({ resources, hours, tookS, readings, reports, setpoints, complaints }: SoakResult, findings: string[]): string {
  return [
    '',
    `${number(hours)} hours of ${number(resources)} resources in ${number(tookS)} s`,
    `readings  ${number(readings.expected)} due, ${number(readings.stored)} stored, ${number(readings.lost)} lost`,
    `reports   ${number(reports.expected)} due, ${number(reports.acknowledged)} acknowledged, ${number(reports.atVtn)} at the VTN, ${number(reports.doubled)} doubled`,
    `setpoints ${number(setpoints)} written`,
    ...Object.entries(complaints).map(([message, count]) => `${number(count)} × ${message}`),
    ...(findings.length === 0 ? ['all is as it should be'] : findings.map((finding) => `WRONG: ${finding}`)),
  ].join('\n');
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 8784)) throw new InvalidArgumentError('It must be a number of hours above 0.');
  return value;
}

const program = createProgram(
  'npm run soak --',
  'Lets an agent of one VEN live through simulated hours, and looks what is left of it',
)
  .option('--hours <n>', 'simulated hours', positive, 24)
  .option('--ven <name>', 'the VEN (default: the biggest, of 627 resources)')
  .option('--flush-ms <n>', "the agent's readings.flushIntervalMs", wholeNumber(100, 60_000))
  .option('--merge-ms <n>', "the agent's readings.mergeIntervalMs", wholeNumber(1000, 3_600_000))
  .option('--json', 'print one line of JSON')
  .action(run);

await runCli(program);
