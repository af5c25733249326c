import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { minutes, seconds, systemClock } from '@venfleet/core';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import { type Credentials, readCredentials, tokenFor } from './support/fleet.js';
import {
  eventually,
  explain,
  explained,
  fromNow,
  type LoopFleet,
  LoopOperator,
  metric,
  type RunningVtn,
  registerVen,
  Shed,
  startLoopFleet,
  startVtnProgram,
  type Version,
} from './support/loop.js';
import { temporaryFolder } from './support/programs.js';

const PATIENCE = 300_000;
/** Each test has its own, as they run at the same time. */
const VENS = ['Horsens', 'Silkeborg', 'Slagelse', 'Roskilde', 'Greve', 'Næstved'];

const folder = temporaryFolder();
let fleet: LoopFleet;
let vtn: RunningVtn;
const running: { stop(): Promise<unknown> }[] = [];
beforeAll(async () => {
  fleet = await startLoopFleet(folder, VENS);
  running.push(fleet);
  vtn = await startVtnProgram(fleet.credentials);
  running.push(vtn);
  // In 3.0.1 nobody is told of a program that is new: agents would find the first event by polling.
  await new LoopOperator(vtn.urls['3.0.1'], fleet.credentials).post('/programs', { programName: 'venfleet' });
}, PATIENCE);
afterAll(async () => {
  for (const one of running.reverse()) await one.stop();
}, PATIENCE);

async function follow(name: string, version: Version, settings: object = {}) {
  const ven = await registerVen(fleet, name, vtn.urls[version], settings);
  const agent = await ven.run();
  running.push(agent);
  return { ven, agent, operator: new LoopOperator(vtn.urls[version], fleet.credentials), sites: fleet.sites(name) };
}

/** Enough of a past for "meter before": half a minute and what a start takes. */
const metered = () => systemClock.sleep(seconds(35));
const isLoad = ({ type }: Resource): boolean => type === 'DSR';
const isHeld = (site: Resource): boolean => fleet.controller(site).isHeld;

/** What reports said of each resource's state, by resource. */
async function states(operator: LoopOperator, event: string): Promise<Map<string, Set<unknown>>> {
  const found = new Map<string, Set<unknown>>();
  for (const report of await operator.reports()) {
    if (report.eventID !== event) continue;
    for (const { resourceName, intervals } of report.resources) {
      const values = intervals.flatMap(({ payloads }) => payloads.filter(({ type }) => type === 'OPERATING_STATE'));
      const own = found.get(resourceName) ?? new Set();
      found.set(resourceName, own);
      for (const value of values.flatMap((payload) => payload.values)) own.add(value);
    }
  }
  return found;
}

/** When each site that is held now is let go, in ms on the monotonic clock. */
async function releases(sites: readonly Resource[]): Promise<number[]> {
  const held = new Set(sites.filter(isHeld));
  const times: number[] = [];
  await eventually('all are released', async () => {
    for (const site of [...held].filter((one) => !isHeld(one))) {
      held.delete(site);
      times.push(systemClock.monotonic());
    }
    return held.size === 0;
  });
  return times;
}

const shedding = (name: string, version: Version) => async () => {
  const db = openResourceDb(fleet.db, 'readwrite');
  for (const { resourceId } of fleet.sites(name).slice(0, 2)) db.resources.update(resourceId, { name: 'The Twins' });
  db.close();
  const { ven, agent, operator, sites } = await follow(name, version);
  await refusals(agent);
  await metered();
  const shed = new Shed(fleet, sites);
  const quiet = fromNow(-5);
  const reports = ['--report', 'load:20s', '--report', 'baseline:20s', '--report', 'state:20s'];
  const event = await operator.event('--shed', '30%', '--for', '60s', '--interval', '20s', '--ven', name, '--notify', ...reports);
  await shed.reaches(0.3, 'at once');

  const refusing = sites.filter(({ subType }) => subType === 'Hotels').slice(0, 2);
  const [following] = sites.filter(({ subType }) => subType === 'Schools') as [Resource];
  for (const site of refusing) await ven.optOut(event, site);
  await eventually('who opts out is let go', () => !refusing.some(isHeld));
  await shed.reaches(0.3, 'by the others, when two have opted out');

  const now = await explained(agent, following);
  expect(now).toMatchObject({ when: 'now', decided: { event }, controller: { status: 'holding' } });
  // Limits follow the loads of the others: read a moment apart they may differ a little.
  for (const limit of [now.decided?.limit, now.controller?.held]) {
    expect(Math.abs(Number(limit) - Number(fleet.controller(following).limitW))).toBeLessThan(0.03 * following.pMax);
  }
  expect(now.plan.events[0]).toMatchObject({ event, decides: true });
  expect(now.measured.before).toBeGreaterThan(now.measured.power as number);
  const { plan } = await explained(agent, refusing[0] as Resource);
  expect(plan.setpoint.kind).toBe('free');
  expect(plan.events.find((one) => one.event === event)).toMatchObject({
    decides: false,
    reason: expect.stringContaining('opted out'),
  });
  expect(await explained(agent, following, quiet)).toMatchObject({
    when: 'past',
    plan: { setpoint: { kind: 'free' } },
    measured: { power: expect.any(Number) },
  });
  expect(await explained(agent, following, fromNow(3600))).toMatchObject({
    when: 'future',
    plan: { setpoint: { kind: 'free' } },
  });
  expect((await explain(agent, following.resourceId)).stdout).toContain(event);

  const times = await releases(sites);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(seconds(1));
  await shed.ends('when the event is over');
  expect(await metric(agent, 'free')).toBe(sites.length);

  await eventually('all intervals are settled', async () => (await operator.performance(event)).total.known === 3);
  const { requestedKw, deliveredKw } = (await operator.performance(event)).total;
  expect(Math.abs(Number(deliveredKw) - Number(requestedKw))).toBeLessThanOrEqual(0.05 * Number(requestedKw));
  const told = await states(operator, event);
  expect(told.get(following.resourceId)).toEqual(new Set(['RUNNING_CURTAILED']));
  for (const { resourceId } of refusing) expect([...(told.get(resourceId) ?? [])]).toContain('RUNNING_OPTED_OUT');
};

/** What `explain` says to questions that make no sense. */
async function refusals(agent: Parameters<typeof explain>[0]) {
  const asked = [explain(agent, 'nobody'), explain(agent, 'The Twins'), explain(agent, 'nobody', '--at', 'yesterday')];
  const [unknown, ambiguous, bad] = await Promise.all(asked);
  expect([unknown, ambiguous, bad].map((outcome) => outcome?.status)).toEqual([1, 1, 2]);
  expect(unknown?.stderr).toContain('this agent has no resource nobody');
  expect(ambiguous?.stderr).toContain('2 resources are called The Twins');
  expect(bad?.stderr).toContain('--at yesterday is no time');
}

test.concurrent(
  'a shed event by notification is given by the physics, settled by the reports, and ends gently: OpenADR 3.0.1',
  shedding('Horsens', '3.0.1'),
  PATIENCE,
);

test.concurrent(
  'a shed event by notification is given by the physics, settled by the reports, and ends gently: OpenADR 3.1.0',
  shedding('Silkeborg', '3.1.0'),
  PATIENCE,
);

test.concurrent(
  'a long event goes on after a short one of higher priority; what is modified, cancelled and deleted is followed',
  async () => {
    const name = 'Slagelse';
    const { operator, sites } = await follow(name, '3.1.0');
    await metered();
    const shed = new Shed(fleet, sites);
    const long = await operator.event('--shed', '20%', '--for', '10m', '--ven', name, '--priority', '5', '--no-report');
    await shed.reaches(0.2, 'by the long event');
    await operator.event('--shed', '50%', '--for', '12s', '--ven', name, '--priority', '1', '--no-report');
    await shed.reaches(0.5, 'by the short one');
    await shed.reaches(0.2, 'by the long one again');
    await operator.event('--modify', long, '--shed', '40%');
    await shed.reaches(0.4, 'when it is modified');
    await operator.event('--cancel', long);
    await shed.ends('when it is cancelled');
    const again = new Shed(fleet, sites);
    const gone = await operator.event('--shed', '30%', '--for', '10m', '--ven', name, '--no-report');
    // Sites still make up for what they were denied: what they draw says less of what they would.
    await eventually('another event is followed', () => again.given > 0.2);
    await operator.remove(gone);
    await again.ends('when it is deleted');
  },
  PATIENCE,
);

test.concurrent(
  'an agent that is killed in mid-event comes back with the same random shift and limits, and misses no end',
  async () => {
    const name = 'Roskilde';
    const { ven, agent, operator, sites } = await follow(name, '3.1.0', { control: { validForS: 60, restoreOverS: 6 } });
    const loads = sites.filter(isLoad);
    await metered();
    const shed = new Shed(fleet, sites);
    const event = await operator.event(
      ...['--shed', '30%', '--in', '12s', '--for', '90s', '--randomize', '5s', '--ven', name, '--no-report', '--notify'],
    );
    await shed.reaches(0.3, 'at its shifted start');
    const view = async () => (await ven.events()).find((one) => one.event === event);
    const before = await view();
    const limits = () => loads.map((site) => fleet.controller(site).limitW);
    const [held, count] = [loads.filter(isHeld), limits()];
    await agent.kill();
    const second = await ven.run();
    expect(await view()).toMatchObject({ shiftS: before?.shiftS, start: before?.start, end: before?.end });
    const lost = () => held.map((site) => fleet.controller(site)).filter((one) => !one.isHeld);
    expect(lost()).toEqual([]);
    await shed.reaches(0.3, 'after the restart');
    for (const [i, limit] of limits().entries()) {
      expect(Math.abs(Number(limit) - Number(count[i]))).toBeLessThan(0.02 * Number(loads[i]?.pMax));
    }
    expect(await commands(second, 'releases')).toBe(0);
    const end = Date.parse(before?.end ?? '');
    await eventually('the event is over', () => systemClock.now() >= end - 500, { saw: () => String(end) });
    expect(lost()).toEqual([]);
    await shed.ends('at its shifted end');
    expect(systemClock.now() - end).toBeLessThan(minutes(0.5));

    const another = new Shed(fleet, sites);
    const missed = await operator.event('--shed', '30%', '--for', '12s', '--ven', name, '--no-report', '--notify');
    await eventually('a second event is followed', () => another.given > 0.2);
    await second.kill();
    const over = Date.parse((await ven.events()).find((one) => one.event === missed)?.end ?? '');
    await eventually('the second event is over', () => systemClock.now() > over);
    expect(loads.some(isHeld)).toBe(true);
    running.push(await ven.run());
    await another.ends('as the agent that comes back finds limits of an event that is over');
    expect(loads.filter((site) => fleet.controller(site).controllerState === 'expired')).toEqual([]);
  },
  PATIENCE,
);

/** What an agent has told its controllers. */
async function commands(agent: { readonly ops: string }, kind: string): Promise<number> {
  const text = await (await fetch(`${agent.ops}/metrics`)).text();
  return Number(new RegExp(`^ven_agent_commands_total\\{kind="${kind}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}

test.concurrent(
  "a VEN's credentials neither show nor move another's resources",
  async () => {
    const [own, other] = ['Greve', 'Næstved'];
    const { operator } = await follow(own, '3.1.0');
    const { operator: old, sites: others } = await follow(other, '3.0.1');
    const mine = fleet.sites(own);
    await metered();
    const shed = new Shed(fleet, others);
    const untouched = mine.map((site) => fleet.writes(site));
    // In 3.0.1 everybody sees everything, and agents choose.
    await old.event('--level', '3', '--for', '5m', '--no-report', '--notify', '--target', 'VEN_NAME=nobody');
    const event = await old.event('--shed', '30%', '--for', '5m', '--ven', other, '--no-report', '--notify');
    const targeted = await operator.event('--shed', '30%', '--in', '1h', '--ven', other, '--no-report');
    await shed.reaches(0.3, 'by whom it is for');
    expect(mine.map((site) => fleet.writes(site))).toEqual(untouched);
    const ask = await asVen(vtn.urls['3.1.0'], readCredentials(fleet.credentials), own);
    const all = await operator.list<{ id: string; venName: string }>('/vens');
    const victim = all.find(({ venName }) => venName === other);
    const [target] = await operator.list<{ id: string }>(`/resources?venID=${victim?.id}`);
    expect((await ask<{ venName: string }[]>('/vens')).body.map(({ venName }) => venName)).toEqual([own]);
    expect((await ask<unknown[]>(`/resources?venID=${victim?.id}`)).body).toEqual([]);
    expect((await ask<{ id: string }[]>('/events')).body.map(({ id }) => id)).not.toContain(targeted);
    const body = { objectType: 'VEN_RESOURCE_REQUEST', resourceName: 'mine', venID: victim?.id };
    const attempts = [
      ask(`/vens/${victim?.id}`),
      ask(`/vens/${victim?.id}`, 'DELETE'),
      ask(`/resources/${target?.id}`),
      ask(`/resources/${target?.id}`, 'PUT', body),
      ask(`/resources/${target?.id}`, 'DELETE'),
      ask(`/events/${targeted}`),
      ask(`/events/${event}`, 'DELETE'),
      ask('/events', 'POST', { programID: 'p', targets: [other] }),
    ];
    expect((await Promise.all(attempts)).map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404, 403, 403]);
    await shed.reaches(0.3, 'all the same');
    await old.remove(event);
    await shed.ends('when its own operator says so');
  },
  PATIENCE,
);

/** A VTN as one VEN's credentials see it. */
async function asVen(url: string, { clients }: Credentials, venName: string) {
  const client = clients.find((one) => one.venName === venName);
  if (client === undefined) throw new Error(`${venName} has no credentials`);
  const authorization = `Bearer ${await tokenFor(url, client)}`;
  return async <T>(path: string, method = 'GET', body?: object): Promise<{ status: number; body: T }> => {
    const headers = { authorization, ...(body && { 'content-type': 'application/json' }) };
    const response = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, body: (await response.json()) as T };
  };
}
