import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Instant, instant, minutes, seconds, systemClock } from '@venfleet/core';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import { type RunningAgent, startAgent, until } from './support/agent.js';
import { freePorts, prepareDevices, type RunningSimulator, startSimulator } from './support/devices.js';
import { readCredentials, smallerFleet, startVtn, tokenFor } from './support/fleet.js';
import { jsonOf, root, runProgram, temporaryFolder } from './support/programs.js';
import { iso, Operator, register, type WireReport } from './support/reporting.js';

/** The whole chain for real: simulated devices → an agent for each version → the VTN, whose reports are held against the devices. */
const VEN = 'Horsens';
const VERSIONS = ['3.0.1', '3.1.0'] as const;
const PATIENCE = 420_000;
const INTERVALS = 3;
const INTERVAL = minutes(1);
/** The interval during which the simulator is started anew. */
const OUTAGE = 1;
/** What a meter's counter counts by, in Wh. The EM24's shows tenths of a kWh. */
const COUNTER_STEP: Readonly<Record<string, number>> = { 'Swimming Pools': 100 };
const FINE_STEP = 10;

const folder = temporaryFolder();
const credentials = join(folder, 'dev-credentials.json');
const stops: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Side {
  readonly url: string;
  readonly outbox: string;
  readonly event: string;
  readonly agent: RunningAgent;
}

let sites: readonly Resource[];
let start: Instant;
let simulator: RunningSimulator;
const sides = new Map<string, Side>();
/** What each meter's own counter showed at the beginning and end of each interval, and how long after that it was asked. */
const counted: Map<string, { readonly wh: number; readonly lateMs: number }>[] = [];

beforeAll(async () => {
  const { db } = await prepareDevices(folder, await freePorts(), smallerFleet(folder, [VEN], 2));
  const resources = openResourceDb(db, 'readonly');
  sites = resources.resources.byVen(VEN);
  resources.close();
  const devices = ['--db', db, '--state', join(folder, 'device-sim.db')];
  simulator = await startSimulator(devices);
  stops.push(() => simulator.stop());
  start = instant(Math.ceil((systemClock.now() + seconds(30)) / INTERVAL) * INTERVAL);
  for (const version of VERSIONS) sides.set(version, await startSide(db, version));
  for (let interval = 0; interval <= INTERVALS; interval++) {
    const edge = instant(start + interval * INTERVAL);
    await untilTime(edge);
    counted.push(await counters(edge));
    if (interval !== OUTAGE) continue;
    // Gateways and broker are away for a part of the second interval; the meters count on where they were.
    await untilTime(instant(edge + INTERVAL / 4));
    await simulator.stop();
    simulator = await startSimulator(devices);
  }
}, PATIENCE);

/** A VTN of its own for each version, since one would give each event to both agents. */
async function startSide(db: string, version: (typeof VERSIONS)[number]): Promise<Side> {
  const { vtn, address } = await startVtn({ clients: credentials });
  stops.push(() => vtn.stop());
  const url = address.urls[version];
  mkdirSync(join(folder, version));
  const [state, outbox] = [join(folder, version, 'agent.db'), join(folder, version, 'outbox.db')];
  await register({ db, state, credentials }, url);
  const request = ['--at', iso(start), '--interval', '1m', '--count', String(INTERVALS), '--report', 'USAGE:units=KWH:every=1m'];
  await runProgram('vtn-mock', ['event', 'create', '--url', url, '--credentials', credentials, ...request]);
  const [event] = await new Operator(url, credentials).list<{ id: string }>('/events');
  if (event === undefined) throw new Error('the event was not created');
  const settings = {
    version: 1,
    vtn: { url, version, credentials },
    database: db,
    state,
    outbox,
    metering: { profiles: join(root, 'config/device-profiles') },
    events: { pollIntervalS: 5 },
  };
  const config = join(folder, version, 'ven-agent.yaml');
  writeFileSync(config, JSON.stringify(settings));
  const agent = await startAgent(['--config', config]);
  stops.push(() => agent.stop());
  return { url, outbox, agent, event: event.id };
}

async function untilTime(time: Instant): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, time - systemClock.now())));
}

async function counters(edge: Instant): Promise<(typeof counted)[number]> {
  const all: (typeof counted)[number] = new Map();
  for (const { resourceId } of sites) {
    const answer = await fetch(`${simulator.ops}/v1/devices/${resourceId}`);
    const { measurement } = (await answer.json()) as { measurement: { energyImportWh: number } };
    all.set(resourceId, { wh: measurement.energyImportWh, lateMs: systemClock.now() - edge });
  }
  return all;
}

describe.each(VERSIONS)('the whole chain over %s', (version) => {
  const side = () => sides.get(version) as Side;
  const ownReports = () => new Operator(side().url, credentials).reports();
  const check = async () => {
    const of = ['--url', side().url, '--credentials', credentials, '--event', side().event];
    const outcome = await runProgram('vtn-mock', ['reports', '--check', ...of, '--grace', '1s', '--json']);
    return { status: outcome.status, ...jsonOf<Check>(outcome) };
  };

  test(
    'the energy that is reported is what the meters counted, within one reading’s worth, though they were away for a while',
    async () => {
      await until(async () => (await ownReports()).length === INTERVALS);
      const told = energyOf(await ownReports());
      expect(told.size).toBe(sites.length * INTERVALS);
      expect(sites.flatMap((site) => energyErrors(site, told))).toEqual([]);
    },
    PATIENCE,
  );

  test(
    'the agent’s audit and the VTN’s check agree; the check finds a report that is missing or doubled',
    async () => {
      const audit = await runProgram('ven-agent', ['reports', '--audit', '--outbox', side().outbox, '--json']);
      expect(jsonOf(audit)).toMatchObject({ expected: INTERVALS, acknowledged: INTERVALS, doubled: 0, complete: true });
      const values = sites.length * INTERVALS;
      expect(await check()).toMatchObject({ status: 0, expected: values, missing: 0, doubled: 0, complete: true });
      const [report] = await ownReports();
      const { id, createdDateTime, modificationDateTime, ...body } = report as WireReport & Record<string, unknown>;
      await asVen('POST', '/reports', { ...body, reportName: 'the same again' });
      expect(await check()).toMatchObject({ status: 1, expected: values, missing: 0, doubled: sites.length, complete: false });
      for (const { id } of (await ownReports()) as (WireReport & { id: string })[]) {
        if (id !== (report as { id?: string } | undefined)?.id) await asVen('DELETE', `/reports/${id}`);
      }
      expect(await check()).toMatchObject({
        status: 1,
        expected: values,
        missing: sites.length * (INTERVALS - 1),
        doubled: 0,
        complete: false,
      });
    },
    PATIENCE,
  );

  async function asVen(method: string, path: string, body?: unknown): Promise<void> {
    const client = readCredentials(credentials).clients.find(({ venName }) => venName === VEN);
    if (client === undefined) throw new Error(`there is no client of ${VEN}`);
    const authorization = `Bearer ${await tokenFor(side().url, client)}`;
    const answer = await fetch(`${side().url}${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }
});

/** Intervals in which what is told of a site is further from what its meter counted than one reading is worth. */
function energyErrors({ resourceId, subType, readInterval }: Resource, told: Told) {
  return Array.from({ length: INTERVALS }, (_, interval) => {
    const [before, after] = [counted[interval]?.get(resourceId), counted[interval + 1]?.get(resourceId)];
    if (before === undefined || after === undefined) throw new Error(`nothing was counted of ${resourceId}`);
    const realWh = after.wh - before.wh;
    // The counter was asked a moment after the edge, on a busy machine more than that.
    const slackMs = readInterval + before.lateMs + after.lateMs;
    const worthWh = (realWh * slackMs) / INTERVAL + (COUNTER_STEP[subType] ?? FINE_STEP);
    const { kwh, quality } = told.get(`${resourceId} ${interval}`) ?? {};
    return { subType, interval, realWh, toldWh: Number(kwh) * 1000, quality, worthWh };
  }).filter(({ interval, realWh, toldWh, quality, worthWh }) => {
    // A meter that says its counter once a minute may have said none while its broker was away: that is told, then.
    if (interval === OUTAGE && (quality === 'MISSING' || quality === 'ESTIMATED')) return false;
    return !(Math.abs(toldWh - realWh) <= worthWh);
  });
}

interface Check {
  readonly expected: number;
  readonly missing: number;
  readonly doubled: number;
  readonly complete: boolean;
}

/** What is told of a resource's interval: kWh, or why there is no value. */
type Told = ReadonlyMap<string, { readonly kwh: unknown; readonly quality: unknown }>;

function energyOf(reports: readonly WireReport[]): Told {
  const told = new Map<string, { kwh: unknown; quality: unknown }>();
  for (const { resources } of reports) {
    for (const { resourceName, intervals } of resources) {
      for (const { id, payloads } of intervals) {
        const value = (type: string) => payloads.find((payload) => payload.type === type)?.values[0];
        told.set(`${resourceName} ${id}`, { kwh: value('USAGE'), quality: value('DATA_QUALITY') });
      }
    }
  }
  return told;
}
