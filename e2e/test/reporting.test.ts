import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { hours, instant, minutes, seededRandom, uniformInt } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { openResourceDb } from '@venfleet/resource-db';
import { type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from './support/fault-proxy.js';
import { prepareFleet, startVtn, type Workplace, workplace } from './support/fleet.js';
import { jsonOf, runProgram, temporaryFolder } from './support/programs.js';
import {
  audit,
  delivered,
  FIVE_MINUTES,
  iso,
  Operator,
  outboxOf,
  pass,
  powerOf,
  register,
  reportFleet,
} from './support/reporting.js';

const folder = temporaryFolder();
const VENS = ['Aalborg', 'Aarhus'];
const START = instant(Date.parse('2026-06-15T00:00:00Z'));
/** USAGE of every five minutes without end, and the sum of it each half hour. */
const REQUESTS = [
  { payloadType: 'USAGE', units: 'KWH', startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 },
  { payloadType: 'USAGE', units: 'KWH', aggregate: true, startInterval: 5, numIntervals: 6, frequency: 6, repeat: -1 },
];

let prepared: Workplace;
const resources = new Map<string, Map<string, number>>();
beforeAll(async () => {
  prepared = await prepareFleet(`${folder}/fleet`, { vens: VENS, perFile: 1 });
  const db = openResourceDb(prepared.db, 'readonly');
  for (const { name } of db.resources.vens()) {
    resources.set(name, new Map(db.resources.byVen(name).map(({ resourceId, id }) => [resourceId, id])));
  }
  db.close();
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Scene {
  readonly place: Workplace;
  readonly clock: FakeClock;
  readonly url: string;
  readonly outbox: string;
  readonly operator: Operator;
  readonly proxy: FaultProxy;
  readonly event: string;
}

let scenes = 0;
/** A VTN with the fleet registered and an event that asks for reports without end, behind a proxy. */
async function scene(version: '3.0.1' | '3.1.0', decide: (request: ProxiedRequest) => Fault | undefined): Promise<Scene> {
  const name = `scene-${++scenes}`;
  const clock = new FakeClock(instant(START - minutes(2)));
  const place = { ...prepared, state: workplace(folder, name).state };
  const { vtn, address } = await startVtn({ clients: prepared.credentials, clock, tokenLifetime: hours(24) });
  stops.push(() => vtn.stop());
  const direct = `${address.origin}/openadr3/${version}`;
  await register(place, direct);
  const operator = new Operator(direct, prepared.credentials);
  const programID = await operator.post('/programs', { programName: name });
  const intervalPeriod = { start: iso(START), duration: 'PT5M' };
  const event = await operator.post('/events', { programID, intervalPeriod, intervals: [], reportDescriptors: REQUESTS });
  const proxy = await startFaultProxy(address.origin, decide);
  stops.push(() => proxy.close());
  const outbox = outboxOf(folder, name);
  return { place, clock, url: `${proxy.origin}/openadr3/${version}`, outbox, operator, proxy, event };
}

/** Every VEN has reported each interval once, with what its meters counted, and no report twice. */
async function expectEachOnce({ operator, outbox, clock }: Scene): Promise<void> {
  const reports = await operator.reports();
  expect(new Set(reports.map(({ reportName }) => reportName)).size).toBe(reports.length);
  const intervals = Math.floor((clock.now() - START) / FIVE_MINUTES);
  for (const [ven, ids] of resources) {
    const own = reports.filter(({ clientName }) => clientName === ven).reverse();
    const sums = own.filter((report) => report.resources[0]?.resourceName === 'AGGREGATED_REPORT');
    const single = own.filter((report) => !sums.includes(report));
    expect(single.map((report) => report.resources[0]?.intervals[0]?.id)).toEqual(Array.from({ length: intervals }, (_, i) => i));
    expect(sums).toHaveLength(Math.floor(intervals / 6));
    for (const report of single) {
      const told = report.resources.map(({ resourceName, intervals: [first] }) => [resourceName, first?.payloads]);
      expect(Object.fromEntries(told)).toEqual(
        Object.fromEntries(
          [...ids].map(([name, id]) => [name, [{ type: 'USAGE', values: [expect.closeTo(powerOf(id) / 12_000, 5)] }]]),
        ),
      );
    }
  }
  expect(audit(outbox, clock)).toMatchObject({ late: 0, lost: 0, doubled: 0, complete: true });
}

const isReport = ({ method, path }: ProxiedRequest) => method === 'POST' && path.endsWith('/reports');

describe.each(['3.0.1', '3.1.0'] as const)('reporting over %s', (version) => {
  test('every report arrives when it is due, with what the meters counted; the command line agrees', async () => {
    const s = await scene(version, () => undefined);
    const life = await reportFleet(s.place, s.url, s.outbox, s.clock);
    await pass(s.clock, minutes(40.5));
    await delivered(s.outbox, s.clock);
    await life.stop();
    await expectEachOnce(s);
    const listed = await runProgram('ven-agent', ['reports', '--outbox', s.outbox, '--ven', 'Aalborg', '--json']);
    expect(jsonOf<{ reports: { state: string }[] }>(listed).reports.map(({ state }) => state)).toContain('acknowledged');
    const plan = await runProgram('ven-agent', ['report-plan', s.event, '--outbox', s.outbox, '--count', '2', '--json']);
    expect(jsonOf<{ event: string; reports: unknown[] }>(plan)).toMatchObject({ event: s.event, reports: [{}, {}] });
  });

  test('after two hours without the VTN everything arrives, once', async () => {
    let down = false;
    const s = await scene(version, () => (down ? { kind: 'reset' } : undefined));
    const life = await reportFleet(s.place, s.url, s.outbox, s.clock);
    await pass(s.clock, minutes(12));
    down = true;
    await pass(s.clock, hours(2));
    expect(audit(s.outbox, s.clock)).toMatchObject({ complete: false });
    down = false;
    await pass(s.clock, minutes(20.5));
    await delivered(s.outbox, s.clock);
    await life.stop();
    await expectEachOnce(s);
  });

  test('500, 429, resets and lost answers to every second report: each arrives once', async () => {
    const faults: Fault[] = [
      { kind: 'lose-answer' },
      { kind: 'answer', status: 500 },
      { kind: 'reset' },
      { kind: 'answer', status: 429, headers: { 'retry-after': '20' } },
      { kind: 'answer', status: 502, body: '<html>Bad Gateway</html>' },
    ];
    let creations = 0;
    let faulty = true;
    const s = await scene(version, (r) =>
      faulty && isReport(r) && ++creations % 2 === 0 ? faults[(creations / 2) % faults.length] : undefined,
    );
    const life = await reportFleet(s.place, s.url, s.outbox, s.clock);
    await pass(s.clock, minutes(50));
    faulty = false;
    await pass(s.clock, minutes(16.5));
    await delivered(s.outbox, s.clock);
    await life.stop();
    await expectEachOnce(s);
  });

  test('an agent stopped twenty times at random, its clock stepped both ways: each report once', async () => {
    const random = seededRandom(version);
    const s = await scene(version, (r) => (isReport(r) && random.next() < 0.2 ? { kind: 'lose-answer' } : undefined));
    for (let life = 0; life < 20; life++) {
      const { stop } = await reportFleet(s.place, s.url, s.outbox, s.clock);
      await pass(s.clock, minutes(uniformInt(random, 1, 6)));
      if (life === 8) s.clock.step(hours(1));
      if (life === 14) s.clock.step(-hours(1));
      await stop();
    }
    const { stop } = await reportFleet(s.place, s.url, s.outbox, s.clock);
    await pass(s.clock, minutes(61.5));
    await delivered(s.outbox, s.clock);
    await stop();
    await expectEachOnce(s);
  });

  test('the plan of an event that the agent has not met is asked of the VTN', async () => {
    const s = await scene(version, () => undefined);
    const asked = ['--outbox', s.outbox, '--vtn-url', s.url, '--credentials', s.place.credentials, '--count', '1', '--json'];
    for (const who of [[], ['--ven', 'Aalborg']]) {
      const plan = await runProgram('ven-agent', ['report-plan', s.event, ...asked, ...who]);
      expect(plan.status).toBe(0);
      expect(jsonOf<{ reports: { payloads: string[] }[] }>(plan).reports.map(({ payloads }) => payloads)).toEqual([
        ['USAGE (KWH)'],
        ['USAGE (KWH)'],
      ]);
    }
    const unknown = await runProgram('ven-agent', ['report-plan', 'no-such-event', ...asked]);
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toContain('error: there is no event no-such-event');
  });

  test('a deleted event needs no more reports, and the audit says so', async () => {
    const s = await scene(version, () => undefined);
    const life = await reportFleet(s.place, s.url, s.outbox, s.clock);
    await pass(s.clock, minutes(4));
    await s.operator.delete(`/events/${s.event}`);
    await pass(s.clock, minutes(20));
    await life.stop();
    expect(await s.operator.reports()).toEqual([]);
    expect(audit(s.outbox, s.clock)).toMatchObject({ expected: 0, unwanted: 4, complete: true });
    const asked = await runProgram('ven-agent', ['reports', '--outbox', s.outbox, '--audit', '--json']);
    expect(asked.status).toBe(0);
  });
});
