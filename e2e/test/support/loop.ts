import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Instant, instant, milliseconds, seconds, silentLogger, systemClock, systemRandom } from '@venfleet/core';
import { openLink, Simulator } from '@venfleet/device-sim';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import { type RunningAgent, startAgent } from './agent.js';
import { freePorts, prepareDevices } from './devices.js';
import { registerArguments, smallerFleet, type Workplace } from './fleet.js';
import { jsonOf, type Outcome, root, runProgram } from './programs.js';
import { Operator } from './reporting.js';

export type Version = '3.0.1' | '3.1.0';

/** A winter's working day, when all kinds of sites draw power. */
const START = instant(Date.parse('2026-01-15T11:00:00+01:00'));
/** Meters are read so often. */
const READ_EVERY = seconds(2);
/** What has not come about by then does not. */
const PATIENCE_S = 90;

/** A small fleet with its devices, for loops from a VTN to the devices' physics and back. */
export interface LoopFleet {
  readonly folder: string;
  readonly db: string;
  readonly credentials: string;
  readonly simulator: Simulator;
  sites(ven: string): readonly Resource[];
  /** What sites really draw now, all together, in W. */
  load(sites: readonly Resource[]): number;
  /** What a site's controller really does now. */
  controller(site: Resource): { readonly controllerState: string; readonly limitW?: number; readonly isHeld: boolean };
  /** How often a site's controller was written to. */
  writes(site: Resource): number;
  stop(): Promise<void>;
}

export const profiles = join(root, 'config/device-profiles');

/** @param perFile sites of each kind in each VEN */
export async function startLoopFleet(folder: string, vens: readonly string[], perFile = 3): Promise<LoopFleet> {
  const { db } = await prepareDevices(folder, await freePorts(), smallerFleet(folder, vens, perFile));
  const resources = openResourceDb(db, 'readwrite');
  for (const { resourceId } of resources.resources.list()) resources.resources.update(resourceId, { readInterval: READ_EVERY });
  const byVen = new Map(vens.map((ven) => [ven, resources.resources.byVen(ven)]));
  resources.close();
  const simulator = new Simulator({
    db,
    profiles,
    seed: 'loop',
    start: START,
    link: (plans) => openLink(plans, { clock: systemClock, random: systemRandom, logger: silentLogger }),
    clock: systemClock,
    logger: silentLogger,
  });
  await simulator.start();
  const siteOf = ({ resourceId }: Resource) => {
    const device = simulator.devices.get(resourceId);
    if (device === undefined) throw new Error(`${resourceId} is not simulated`);
    return device.site;
  };
  return {
    folder,
    db,
    credentials: join(folder, 'dev-credentials.json'),
    simulator,
    sites: (ven) => byVen.get(ven) ?? [],
    load: (sites) => sites.reduce((sum, site) => sum + Number(siteOf(site).meter(simulator.clock.now()).powerW), 0),
    controller(site) {
      const { controllerState, limitW, limitActive } = siteOf(site).control(simulator.clock.now());
      return {
        controllerState: String(controllerState),
        ...(typeof limitW === 'number' ? { limitW } : {}),
        isHeld: limitActive === true,
      };
    },
    writes: (site) => siteOf(site).writes,
    stop: () => simulator.stop(),
  };
}

/** One VEN's agent: where it keeps its state, and how it is run and asked. */
export interface LoopVen {
  readonly name: string;
  readonly place: Workplace;
  readonly url: string;
  /** Starts its agent, in a process of its own; the devices have been met when this returns. @param more arguments */
  run(more?: readonly string[]): Promise<RunningAgent>;
  /** How it is with the VEN's events, by `ven-agent events`. */
  events(): Promise<readonly HeldEventView[]>;
  optOut(event: string, site: Resource): Promise<void>;
}

export interface HeldEventView {
  readonly event: string;
  readonly state: string;
  readonly start: string;
  readonly end: string;
  readonly shiftS: number;
}

/** Registers a VEN at a VTN. */
export async function registerVen(fleet: LoopFleet, name: string, url: string, settings: object = {}): Promise<LoopVen> {
  const at = join(fleet.folder, `agent-${name}`);
  mkdirSync(at);
  const place: Workplace = { db: fleet.db, state: join(at, 'agent.db'), credentials: fleet.credentials };
  const registered = await runProgram('ven-agent', [...registerArguments(place, url), '--ven', name]);
  if (registered.status !== 0) throw new Error(`registering ${name}: ${registered.stderr}`);
  const config = join(at, 'ven-agent.yaml');
  const control = { validForS: 20, restoreOverS: 6 };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ version: 1, control, ...settings }));
  const common = ['--config', config, '--db', fleet.db, '--state', place.state];
  return {
    name,
    place,
    url,
    async run(more = []) {
      const own = ['--profiles', profiles, '--credentials', fleet.credentials, '--vtn-url', url, '--ven', name];
      const agent = await startAgent([...common, ...own, ...more]);
      // One whose load is not known when an event begins takes no part in it.
      await eventually(`the agent of ${name} has met its devices`, async () => {
        const meters = await agent.meters();
        return (await metric(agent, 'unknown')) === 0 && meters.every(({ problem, onTime }) => problem === null && onTime > 0);
      });
      return agent;
    },
    async events() {
      const args = ['events', '--all', '--ven', name, '--events', join(at, 'events.db'), '--json'];
      return jsonOf<{ events: HeldEventView[] }>(await runProgram('ven-agent', args)).events;
    },
    async optOut(event, { resourceId }) {
      const args = ['opt-out', event, '--resource', resourceId, '--reason', 'wedding', '--db', fleet.db];
      const outcome = await runProgram('ven-agent', [...args, '--events', join(at, 'events.db')]);
      if (outcome.status !== 0) throw new Error(`opting out: ${outcome.stderr}`);
    },
  };
}

/** What `ven-agent explain --json` says of a resource. */
export interface Explained {
  readonly when: 'past' | 'now' | 'future';
  readonly plan: {
    readonly setpoint: { readonly kind: 'limit' | 'free'; readonly limit?: number };
    readonly events: readonly { readonly event: string; readonly decides: boolean; readonly reason?: string }[];
  };
  readonly decided?: { readonly limit: number | null; readonly event: string | null };
  readonly controller?: { readonly status: string; readonly held?: number | null; readonly problem?: { readonly code: string } };
  readonly measured: { readonly power?: number; readonly before?: number };
}

export function explain(agent: RunningAgent, resource: string, ...args: string[]): Promise<Outcome> {
  return runProgram('ven-agent', ['explain', resource, ...args, '--url', agent.ops]);
}

export async function explained(agent: RunningAgent, { resourceId }: Resource, at?: Instant): Promise<Explained> {
  const time = at === undefined ? [] : ['--at', new Date(at).toISOString()];
  return jsonOf<Explained>(await explain(agent, resourceId, ...time, '--json'));
}

/** How many of an agent's controllers have a status. */
export async function metric(agent: RunningAgent, status: string): Promise<number> {
  const text = await (await fetch(`${agent.ops}/metrics`)).text();
  return Number(new RegExp(`^ven_agent_controllers_by_status\\{status="${status}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/** The operator of a VTN, by its commands and by its API. */
export class LoopOperator extends Operator {
  readonly #connection: readonly string[];

  constructor(url: string, credentials: string) {
    super(url, credentials);
    this.#connection = ['--url', url, '--credentials', credentials, '--json'];
  }

  /** `vtn-mock event` with these arguments. @returns the event's id */
  async event(...args: string[]): Promise<string> {
    return (await this.#run<{ id: string }>('event', ...args)).id;
  }

  async remove(event: string): Promise<void> {
    await this.#run('event', 'delete', '--id', event);
  }

  /** `vtn-mock performance`. */
  performance(event: string): Promise<Performance> {
    return this.#run<Performance>('performance', event, '--grace', '1s');
  }

  async #run<T>(command: string, ...args: string[]): Promise<T> {
    const outcome = await runProgram('vtn-mock', [command, ...args, ...this.#connection]);
    if (outcome.status !== 0) throw new Error(`vtn-mock ${command} ${args.join(' ')}: ${outcome.stderr}`);
    return jsonOf<T>(outcome);
  }
}

interface Performance {
  readonly total: {
    readonly requestedKw: number | null;
    readonly deliveredKw: number | null;
    readonly known: number;
    readonly missing: number;
  };
}

/** A mock VTN in a process of its own, with the URL of each version. */
export interface RunningVtn {
  readonly urls: Readonly<Record<Version, string>>;
  stop(): Promise<Outcome>;
}

export function startVtnProgram(credentials: string, more: readonly string[] = []): Promise<RunningVtn> {
  return new Promise((up, fail) => {
    const outcome = runProgram('vtn-mock', ['serve', '--port', '0', '--clients', credentials, '--json', ...more], {
      onStart(kill, stdout) {
        let text = '';
        stdout.on('data', (chunk) => {
          text += chunk;
          if (!text.includes('\n')) return;
          const { urls } = jsonOf<Pick<RunningVtn, 'urls'>>({ stdout: text } as Outcome);
          const stop = () => {
            kill('SIGTERM');
            return outcome;
          };
          up({ urls, stop });
        });
      },
    });
    void outcome.then(({ status, stderr }) => fail(new Error(`the VTN ended with status ${status}: ${stderr}`)));
  });
}

/** Waits until something is so. @throws Error that says what, and with `saw` what was there instead */
export async function eventually(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { withinS = PATIENCE_S, saw = () => '' }: { readonly withinS?: number; readonly saw?: () => string } = {},
): Promise<void> {
  const end = systemClock.monotonic() + seconds(withinS);
  while (!(await isSo())) {
    if (systemClock.monotonic() > end) throw new Error(`it did not come about within ${withinS} s that ${what} ${saw()}`);
    await systemClock.sleep(milliseconds(100));
  }
}

/** Looks all the time, for so long, that something stays so. */
export async function throughout(forS: number, what: string, isSo: () => boolean, saw: () => string = () => ''): Promise<void> {
  const end = systemClock.monotonic() + seconds(forS);
  while (systemClock.monotonic() < end) {
    if (!isSo()) throw new Error(`it did not stay so that ${what} ${saw()}`);
    await systemClock.sleep(milliseconds(100));
  }
}

/** A part of the load of some sites that is to be given, and whether it is: within 5 % of it. */
export class Shed {
  readonly #fleet: LoopFleet;
  readonly #sites: readonly Resource[];
  /** What they drew before, in W. */
  readonly before: number;

  /** Takes what they draw now for what they draw without an event. */
  constructor(fleet: LoopFleet, sites: readonly Resource[]) {
    this.#fleet = fleet;
    this.#sites = sites;
    this.before = fleet.load(sites);
  }

  /** In parts of the load before. */
  get given(): number {
    return 1 - this.#fleet.load(this.#sites) / this.before;
  }

  isGiven = (part: number): boolean => Math.abs(this.given - part) <= 0.05 * part;

  /** Waits until it is given, and sees that it stays so for some seconds. */
  async reaches(part: number, when: string): Promise<void> {
    const saw = () => `(${(100 * this.given).toFixed(2)} % of ${Math.round(this.before / 1000)} kW)`;
    await eventually(`${100 * part} % is given ${when}`, () => this.isGiven(part), { saw });
    await throughout(4, `${100 * part} % is given ${when}`, () => this.isGiven(part), saw);
  }

  /** Waits until nothing is held back any more. */
  async ends(when: string): Promise<void> {
    const isBack = () => this.#sites.every((site) => !this.#fleet.controller(site).isHeld) && this.given < 0.02;
    await eventually(`the load is back ${when}`, isBack, { saw: () => `(${(100 * this.given).toFixed(2)} %)` });
  }
}

export const fromNow = (s: number): Instant => instant(systemClock.now() + seconds(s));
