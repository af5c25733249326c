import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, milliseconds, seconds } from '@venfleet/core';
import type { HttpTransport } from '@venfleet/openadr';
import type { Processes } from '../processes.js';
import { failed } from '../steps.js';
import type { Fleet } from './fleet.js';

/** What `register --json` tells. */
export interface Registration {
  readonly vens: Counts;
  readonly resources: Counts;
  readonly changes: number;
  readonly vensDeleted: readonly string[];
  readonly failures: readonly unknown[];
}

export interface Counts {
  readonly total: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly failed: number;
}

/** Nobody wants to wait: all else is as it is by default. */
const SETTINGS = `version: 1
events: { pollIntervalS: 5 }
control: { validForS: 20, restoreOverS: 5 }
`;

/** Our agent and devices, as a user has them: the programs, told by options where the VTN is. */
export class OurSide {
  readonly #processes: Processes;
  readonly #fleet: Fleet;
  readonly #state: string;
  readonly #config: string;
  readonly #url: string;
  readonly #vtn: readonly string[];
  readonly #transport: HttpTransport;
  readonly #clock: Clock;
  readonly #stops: (() => Promise<void>)[] = [];
  #agentOps = '';
  #simulatorOps = '';

  constructor(options: {
    readonly processes: Processes;
    readonly fleet: Fleet;
    /** For this VTN's state alone. */
    readonly folder: string;
    readonly url: string;
    readonly transport: HttpTransport;
    readonly clock: Clock;
  }) {
    const { processes, fleet, folder, url, transport, clock } = options;
    this.#processes = processes;
    this.#fleet = fleet;
    this.#state = join(folder, 'ven-agent.db');
    this.#config = join(folder, 'ven-agent.yaml');
    this.#url = url;
    writeFileSync(this.#config, SETTINGS);
    this.#vtn = ['--config', this.#config, '--vtn-url', url, '--credentials', fleet.credentials, '--state', this.#state];
    this.#transport = transport;
    this.#clock = clock;
  }

  async register(...flags: string[]): Promise<Registration> {
    const db = flags.includes('--prune') ? this.#fleet.smallDb : this.#fleet.db;
    const said = await this.#processes.venfleet('ven-agent', ['register', ...this.#vtn, '--db', db, ...flags, '--json']);
    return JSON.parse(said) as Registration;
  }

  /** Registers the small VEN with nothing but its own client. */
  async registerAlone(): Promise<Registration> {
    const { client } = this.#fleet.small;
    const env = { VENFLEET_CLIENT_ID: client.clientId, VENFLEET_CLIENT_SECRET: client.clientSecret };
    const where = ['--config', this.#config, '--vtn-url', this.#url, '--state', this.#state];
    return JSON.parse(
      await this.#processes.venfleet('ven-agent', ['register', ...where, ...this.#smallVen, '--json'], { env }),
    ) as Registration;
  }

  /** What `check` finds, one status each. */
  async check(...flags: string[]): Promise<string> {
    const said = await this.#processes.venfleet('ven-agent', ['check', ...this.#vtn, ...this.#smallVen, ...flags, '--json']);
    const { checks } = JSON.parse(said) as { checks: { status: string }[] };
    const count = (status: string) => checks.filter((found) => found.status === status).length;
    return `${count('ok')} ok, ${count('warn')} warn, ${count('fail')} fail`;
  }

  /** Starts the small VEN's devices. */
  async startDevices(): Promise<void> {
    const args = ['serve', ...this.#smallVen, '--no-state', '--ops-port', '0', '--json'];
    const { child, facts } = await this.#processes.startVenfleet<{ ops: string }>('device-sim', args);
    this.#stops.push(() => child.stop());
    this.#simulatorOps = facts.ops;
  }

  /** Starts the small VEN's agent. */
  async startAgent(): Promise<void> {
    const args = ['run', ...this.#vtn, ...this.#smallVen, '--ops-port', '0', '--json'];
    const { child, facts } = await this.#processes.startVenfleet<{ ops: string }>('ven-agent', args);
    this.#stops.push(() => child.stop());
    this.#agentOps = facts.ops;
  }

  /** One of the agent's metrics, summed over what begins with `name`. */
  async metric(name: string): Promise<number> {
    const { body } = await this.#get(`${this.#agentOps}/metrics`);
    const values = body.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** How many of the small VEN's devices are held to a limit, by their own word. */
  async held(): Promise<number> {
    const devices = await Promise.all(
      this.#fleet.small.resources.map((id) => this.#get(`${this.#simulatorOps}/v1/devices/${id}`)),
    );
    const isHeld = (text: string) => (JSON.parse(text) as { control: { limitActive?: boolean } }).control.limitActive === true;
    return devices.filter(({ body }) => isHeld(body)).length;
  }

  /** The small VEN's reports on an event, by state. */
  async reports(event: string): Promise<string[]> {
    const args = ['reports', '--outbox', join(dirname(this.#state), 'outbox.db'), '--event', event, '--json'];
    const { reports } = JSON.parse(await this.#processes.venfleet('ven-agent', args)) as { reports: { state: string }[] };
    return reports.map(({ state }) => state);
  }

  /** Waits until something is so. */
  async until(what: string, withinS: number, isSo: () => Promise<boolean>): Promise<void> {
    const end = this.#clock.monotonic() + seconds(withinS);
    while (!(await isSo())) {
      if (this.#clock.monotonic() > end) throw failed(`after ${withinS} s it is not so that ${what}`);
      await this.#clock.sleep(milliseconds(500));
    }
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  get #smallVen(): string[] {
    return ['--db', this.#fleet.db, '--ven', this.#fleet.small.name];
  }

  #get(url: string) {
    return this.#transport.request({ method: 'GET', url, headers: {} });
  }
}
