import { join } from 'node:path';
import { type Duration, seconds, systemClock } from '@venfleet/core';
import { ensureDevelopmentCredentials } from '@venfleet/openadr';
import { type SimulatedFleet, simulateFleet } from './devices.js';
import { venNamesOf } from './fleet.js';
import { type MeterSlots, metersOf } from './metrics.js';
import { startMock } from './mock.js';
import { ROOT, type Workplace } from './workplace.js';

const AGENT = join(ROOT, 'apps/ven-agent/dist/main.js');
const MOCK = join(ROOT, 'apps/vtn-mock/dist/main.js');

/** What runs, with the URLs of what it says of itself. */
export interface Stack {
  readonly fleet: SimulatedFleet;
  readonly ops: string;
  readonly vtn: string;
}

/** Simulator, mock VTN and agent, each a process of its own, as `npm start` has them; every VEN reports each two minutes. */
export async function startStack(place: Workplace, vens: number): Promise<Stack> {
  const fleet = await simulateFleet(place, vens);
  const credentials = place.path('credentials.json');
  ensureDevelopmentCredentials(credentials, venNamesOf(fleet.db));
  const mock = await startMock(place, credentials);
  const url = mock.urls['3.0.1'];
  const common = ['--db', fleet.db, '--state', place.path('agent.db'), '--limit', String(vens), '--vtn-url', url];
  await place.run(process.execPath, [AGENT, 'register', ...common, '--credentials', credentials, '--json']);
  const request = ['--interval', '2m', '--count', '720', '--report', 'USAGE:units=KWH:every=2m'];
  await place.run(process.execPath, [MOCK, 'event', 'create', '--url', url, '--credentials', credentials, ...request]);
  const own = ['--profiles', fleet.profiles, '--credentials', credentials, '--ops-port', '0', '--json'];
  const { firstLine } = await place.start(process.execPath, [AGENT, 'run', ...common, ...own]);
  return { fleet, ops: (JSON.parse(firstLine) as { ops: string }).ops, vtn: new URL(url).origin };
}

/**
 * Waits until 999 of 1,000 meters have given a value, as first contacts are made once in a device's life, and one that
 * fails is not tried again for a while.
 * @returns what became of the slots until then, for a note
 */
export async function untilMet(place: Workplace, ops: string, longest: Duration): Promise<string> {
  const { signal } = place;
  const began = systemClock.monotonic();
  for (;;) {
    await systemClock.sleep(seconds(5), signal);
    const meters = await metersOf(ops);
    const s = Math.round((systemClock.monotonic() - began) / 1000);
    const { onTime, ended } = total([...meters.values()]);
    const missing = [...meters.values()].filter((meter) => meter.onTime === 0).length;
    if (missing <= meters.size / 1000)
      return `the meters were met ${s} s after the start, and ${share(onTime, ended)} of the slots until then were on time`;
    if (systemClock.monotonic() - began > longest) throw new Error(`${missing} meters have not been met ${s} s after the start`);
  }
}

/** The slots that are over: those of a read that is under way have no outcome yet. */
export function total(meters: readonly MeterSlots[]): { readonly onTime: number; readonly ended: number } {
  let [onTime, ended] = [0, 0];
  for (const meter of meters) {
    onTime += meter.onTime;
    ended += meter.onTime + meter.late + meter.failed + meter.skipped;
  }
  return { onTime, ended };
}

const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`;
