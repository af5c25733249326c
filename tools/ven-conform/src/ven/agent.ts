import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Instant, VenfleetError } from '@venfleet/core';
import { mainOf, type Processes } from '@venfleet/interop';
import { formatDateTime } from '@venfleet/openadr';
import type { Fleet } from './fleet.js';
import type { PlanView, RunningVen, Situation, Ven } from './ven.js';

/** With notifications it looks by itself so seldom that what it asks is because of them. */
const SELDOM_S = 600;

/** Our agent, as a user has it: `register`, then `run`. */
export class AgentVen implements Ven {
  readonly #processes: Processes;
  readonly #fleet: Fleet;

  constructor(processes: Processes, fleet: Fleet) {
    this.#processes = processes;
    this.#fleet = fleet;
  }

  async start(situation: Situation): Promise<RunningVen> {
    const { name, url, version, folder, clientId, clientSecret } = situation;
    const config = join(folder, 'ven-agent.yaml');
    // JSON is YAML.
    writeFileSync(config, JSON.stringify(settingsOf(situation)));
    const env = { VENFLEET_CLIENT_ID: clientId, VENFLEET_CLIENT_SECRET: clientSecret };
    const state = join(folder, 'agent.db');
    const where = ['--config', config, '--db', this.#fleet.db, '--state', state, '--vtn-url', url, '--vtn-version', version];
    const registration = this.#processes.start(process.execPath, [mainOf('ven-agent'), 'register', ...where, '--ven', name], {
      env,
    });
    const status = await registration.exited;
    if (status !== 0) {
      return { exited: registration.exited, lastWords: registration.lastWords, stop: () => Promise.resolve() };
    }
    const own = ['--profiles', this.#fleet.profiles, '--ven', name, '--ops-port', '0', '--json'];
    const { child, facts } = await this.#processes.startVenfleet<{ ops: string }>('ven-agent', ['run', ...where, ...own], {
      env,
    });
    return {
      exited: child.exited,
      lastWords: child.lastWords,
      stop: () => child.stop(),
      plan: (at) => this.#plan(facts.ops, name, at),
    };
  }

  async #plan(ops: string, ven: string, at: Instant | undefined): Promise<PlanView> {
    const sites = this.#fleet.sites(ven);
    const explained = await Promise.all(sites.map((site) => explain(ops, site, at)));
    const limits = explained.map(({ plan: { setpoint } }) => (setpoint.kind === 'limit' ? (setpoint.limit ?? null) : null));
    const prices = explained.flatMap(({ plan: { events } }) => events.map(({ asks }) => /^price (\S+)$/.exec(asks ?? '')?.[1]));
    const price = prices.find((found) => found !== undefined);
    const heldKw = at === undefined ? { heldKw: together(await Promise.all(sites.map((site) => this.#fleet.heldW(site)))) } : {};
    return { limitKw: together(limits), price: price === undefined ? null : Number(price), ...heldKw };
  }
}

function settingsOf({ pollS, push }: Situation): object {
  return {
    version: 1,
    vtn: { requestTimeoutMs: 5000 },
    events: { pollIntervalS: pollS, pushedPollIntervalS: SELDOM_S, push },
    control: { validForS: 30, restoreOverS: 2 },
  };
}

/** Limits in W together, in kW; where one of them is free, all are. */
const together = (limits: readonly (number | null)[]): number | null =>
  limits.includes(null) ? null : limits.reduce<number>((sum, limit) => sum + (limit as number), 0) / 1000;

/** What `ven-agent explain --json` says, as far as it is needed. */
interface Explained {
  readonly plan: {
    readonly setpoint: { readonly kind: 'limit' | 'free'; readonly limit?: number };
    readonly events: readonly { readonly asks?: string }[];
  };
}

async function explain(ops: string, resource: string, at: Instant | undefined): Promise<Explained> {
  const query = new URLSearchParams({ resource, ...(at === undefined ? {} : { at: formatDateTime(at) }) });
  const response = await fetch(`${ops}/explain?${query}`);
  if (!response.ok)
    throw new VenfleetError('EXPLAIN_FAILED', `/explain of the agent: ${response.status} ${await response.text()}`);
  return (await response.json()) as Explained;
}
