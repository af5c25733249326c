import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Clock, hours, instant, seconds, silentLogger, systemClock, systemRandom } from '@venfleet/core';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import { Agent, loadAgentConfig } from '@venfleet/ven-agent';
import { startVtn } from './support/fleet.js';
import {
  eventually,
  explained,
  fromNow,
  type LoopFleet,
  LoopOperator,
  type LoopVen,
  metric,
  profiles,
  registerVen,
  Shed,
  startLoopFleet,
  throughout,
} from './support/loop.js';
import { temporaryFolder } from './support/programs.js';

const PATIENCE = 240_000;
/** Each test has its own, as they run at the same time; the last one's sites are wired to others. */
const VENS = ['Hvidovre', 'Køge', 'Rødovre', 'Hillerød', 'Taastrup'];

const folder = temporaryFolder();
let fleet: LoopFleet;
let url: string;
let operator: LoopOperator;
const running: { stop(): Promise<unknown> }[] = [];
beforeAll(async () => {
  fleet = await startLoopFleet(folder, VENS);
  running.push(fleet);
  url = await serveVtn();
  operator = new LoopOperator(url, fleet.credentials);
}, PATIENCE);
afterAll(async () => {
  for (const one of running.reverse()) await one.stop();
}, PATIENCE);

async function serveVtn(credentials = fleet.credentials): Promise<string> {
  const { vtn, address } = await startVtn({ clients: credentials, mqtt: { port: 0 } });
  running.push(vtn);
  return `${address.origin}/openadr3/3.1.0`;
}

async function follow(name: string, at = url, of = fleet) {
  const ven = await registerVen(of, name, at);
  const agent = await ven.run();
  running.push(agent);
  return { ven, agent, sites: of.sites(name) };
}

const first = (sites: readonly Resource[], subType: string): Resource => {
  const found = sites.find((site) => site.subType === subType);
  if (found === undefined) throw new Error(`there is no site of kind ${subType}`);
  return found;
};
const isHeld = (site: Resource): boolean => fleet.controller(site).isHeld;
const kw = (power: number): string => `${Math.round(power / 1000)}kW`;

test.concurrent(
  'of devices that refuse, lie, freeze or fall silent in mid-event each is told by its reason, and the others give for them',
  async () => {
    const [name, stranger] = ['Hvidovre', 'Taastrup'];
    const sites = fleet.sites(name);
    const [refusing, silent] = [first(sites, 'Swimming Pools'), first(sites, 'Schools')];
    const [lying, frozen] = [first(sites, 'Hotels'), first(sites, 'Restaurants')];
    // Wired to another city's site: it obeys, but not here.
    const db = openResourceDb(fleet.db, 'readwrite');
    const elsewhere = first(fleet.sites(stranger), 'Hotels');
    db.resources.update(lying.resourceId, { writerConnectionId: elsewhere.writerConnectionId });
    db.close();
    const { agent } = await follow(name);
    const shed = new Shed(fleet, sites);
    await operator.event('--delta', `-${kw(0.25 * shed.before)}`, '--for', '10m', '--ven', name, '--no-report', '--notify');
    const fault = (kind: 'exception' | 'timeout' | 'frozen', site: Resource) =>
      fleet.simulator.faults.add({ kind, device: site.resourceId });
    await eventually('most is given at first', () => shed.given > 0.2);
    fault('exception', refusing);
    fault('timeout', silent);
    fault('frozen', frozen);
    const codes = async () =>
      Promise.all([refusing, silent, lying].map(async (site) => (await explained(agent, site)).controller?.problem?.code));
    const expected = ['CONTROLLER_REFUSES', 'CONTROLLER_SILENT', 'CONTROL_NO_EFFECT'];
    let seen: unknown[] = [];
    await eventually(
      'each is told by its reason',
      async () => {
        seen = await codes();
        return expected.every((code, i) => seen[i] === code);
      },
      { withinS: 150, saw: () => String(seen) },
    );
    await shed.reaches(0.25, 'by those that obey');
    fleet.simulator.faults.clearAll();
    await eventually('those that answer again are held again', () => [refusing, silent].every(isHeld));
    await shed.reaches(0.25, 'with those that are back');
  },
  PATIENCE,
);

test.concurrent(
  'while the VTN is lost what is held goes on to its end and stops there; after a limit the subscription is the cap',
  async () => {
    const [shedding, capped] = ['Rødovre', 'Køge'];
    const own = await startVtn({ clients: fleet.credentials, mqtt: { port: 0 } });
    const at = `${own.address.origin}/openadr3/3.1.0`;
    const here = new LoopOperator(at, fleet.credentials);
    await follow(shedding, at);
    await follow(capped, at);
    const [shed, cap] = [new Shed(fleet, fleet.sites(shedding)), new Shed(fleet, fleet.sites(capped))];
    const subscription = `IMPORT_CAPACITY_SUBSCRIPTION=${Math.round((0.8 * cap.before) / 1000)}`;
    await here.event('--payload', subscription, '--for', 'forever', '--ven', capped, '--no-report', '--notify');
    const start = fromNow(15);
    const when = ['--at', new Date(start).toISOString(), '--for', '40s', '--no-report', '--notify'];
    await here.event('--limit', kw(0.5 * cap.before), ...when, '--ven', capped);
    await here.event('--shed', '30%', ...when, '--ven', shedding);
    await shed.reaches(0.3, 'before the VTN is lost');
    await eventually('the limit is kept to', () => cap.given > 0.48);
    await own.vtn.stop();
    const left = (start + seconds(39) - systemClock.now()) / 1000;
    await throughout(
      left,
      'both go on',
      () => shed.isGiven(0.3) && cap.given > 0.48,
      () => `${shed.given} ${cap.given}`,
    );
    await shed.ends('at the end of its event, which nobody told');
    await eventually('more may be drawn than under the limit', () => cap.given < 0.4, { saw: () => String(cap.given) });
    await throughout(
      15,
      'the subscription is kept to',
      () => cap.given > 0.19,
      () => String(cap.given),
    );
  },
  PATIENCE,
);

test.concurrent(
  'gateways and broker that restart in mid-event, and the devices with them, are held again soon',
  async () => {
    const apart = join(folder, 'apart');
    mkdirSync(apart);
    const other = await startLoopFleet(apart, ['Ballerup']);
    running.push(other);
    const at = await serveVtn(other.credentials);
    const here = new LoopOperator(at, other.credentials);
    const { agent, sites } = await follow('Ballerup', at, other);
    const shed = new Shed(other, sites);
    await here.event('--shed', '30%', '--for', '10m', '--ven', 'Ballerup', '--no-report', '--notify');
    await shed.reaches(0.3, 'before the restart');
    await other.simulator.stop();
    await systemClock.sleep(seconds(1));
    await other.simulator.start();
    expect(sites.some((site) => other.controller(site).isHeld)).toBe(false);
    await shed.reaches(0.3, 'after the restart');
    expect(await metric(agent, 'holding')).toBeGreaterThan(0);
  },
  PATIENCE,
);

test.concurrent(
  'a clock that is stepped over the end ends the event; stepped back into it, it is carried on to its end',
  async () => {
    const name = 'Hillerød';
    const sites = fleet.sites(name);
    const ven = await registerVen(fleet, name, url);
    let stepped = 0;
    const clock: Clock = { ...systemClock, now: () => instant(systemClock.now() + stepped) };
    const agent = inProcess(ven, clock);
    await agent.start();
    running.push(agent);
    await eventually('the agent has met its devices', () => {
      const { control, metering } = agent.status() ?? {};
      return control?.byStatus.unknown === 0 && metering !== undefined && metering.answering === metering.meters;
    });
    await systemClock.sleep(seconds(5));
    const shed = new Shed(fleet, sites);
    await operator.event('--shed', '30%', '--in', '2s', '--for', '75s', '--ven', name, '--no-report', '--notify');
    await shed.reaches(0.3, 'at its start');
    // It has been under way for longer than that.
    stepped = -seconds(2);
    await throughout(
      6,
      'a small step back changes nothing',
      () => shed.isGiven(0.3),
      () => String(shed.given),
    );
    stepped = hours(1);
    await shed.ends('after a step over its end');
    stepped = 0;
    await shed.reaches(0.3, 'after a step back into it');
    await shed.ends('at its end');
  },
  PATIENCE,
);

/** The same agent as the program's, on a clock that can be stepped. */
function inProcess({ place, url: vtnUrl, name }: LoopVen, clock: Clock): Agent {
  const flags = { config: join(place.state, '../ven-agent.yaml'), db: place.db, state: place.state, vtnUrl };
  const config = loadAgentConfig({ ...flags, credentials: place.credentials, profiles, opsPort: 0 }, {});
  const ports = { clock, random: systemRandom, logger: silentLogger };
  return new Agent({ config, vens: [name], report: true, control: true, env: {}, ...ports });
}
