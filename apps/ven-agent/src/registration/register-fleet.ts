import { existsSync } from 'node:fs';
import {
  type Clock,
  describeError,
  isInShard,
  isVenfleetError,
  type Logger,
  type Shard,
  silentLogger,
  systemClock,
  VenfleetError,
} from '@venfleet/core';
import { openResourceDb, type Resource, type ResourceDb } from '@venfleet/resource-db';
import { connectFleet, type FleetConnection, type VtnSettings } from '../vtn.js';
import { Access } from './access.js';
import { desiredResource, desiredVen } from './attributes.js';
import { concurrently } from './concurrently.js';
import { Outage } from './outage.js';
import { pruneVens } from './prune.js';
import { registerVen, type VenResult } from './register-ven.js';
import { type Failure, Registry } from './registry.js';

/** VENs worked on at the same time: enough that the end of one never leaves the VTN idle. */
const VENS_AT_ONCE = 8;

export interface RegisterFleetOptions {
  readonly vtn: VtnSettings;
  /** Path of the resource database. */
  readonly db: string;
  /** Path of the agent's state database, where the VTN's ids are remembered. */
  readonly state: string;
  /** Only the `limit` VENs with the most resources. */
  readonly limit?: number;
  /** Only these VENs, by name. */
  readonly vens?: readonly string[];
  /** Only the VENs of one of several parts of the fleet. */
  readonly shard?: Shard | undefined;
  readonly dryRun?: boolean;
  /** Also delete what is registered, but no longer in the database. */
  readonly prune?: boolean;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly onStart?: (plan: {
    readonly url: string;
    readonly version: string;
    readonly vens: number;
    readonly resources: number;
  }) => void;
  /** Called after each resource with the number done so far and the VEN it belongs to. */
  readonly onProgress?: (done: number, ven: string) => void;
}

export interface Counts {
  readonly total: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly failed: number;
}

export interface RegistrationSummary {
  readonly vtn: { readonly url: string; readonly version: string };
  readonly dryRun: boolean;
  readonly vens: Counts;
  readonly resources: Counts & {
    /** On the VTN under these VENs, but not in the database; left there without `prune`. */
    readonly surplus: number;
  };
  readonly changes: number;
  /** Names of the VENs that `prune` deleted, or in a dry run would delete, with their resources. */
  readonly vensDeleted: readonly string[];
  readonly failures: readonly Failure[];
  readonly results: readonly VenResult[];
}

/**
 * Registers the VENs of a resource database with a VTN: a reconcile that creates, updates or leaves
 * each VEN and resource, so running it again changes nothing, and running it after a crash completes it.
 * One VEN's failure never stops another; see `failures` of the summary.
 * @throws VenfleetError when nothing can be done at all: DB_ errors, no such VEN, a VTN that cannot be
 *   reached or is none, missing credentials file; the signal's reason when aborted.
 */
export async function registerFleet(options: RegisterFleetOptions): Promise<RegistrationSummary> {
  const { clock = systemClock, logger = silentLogger } = options;
  const db = openResourceDb(options.db, 'readonly');
  let connection: FleetConnection | undefined;
  let registry: Registry | undefined;
  try {
    const names = selectVens(db, options);
    connection = await connectFleet(options.vtn, { clock, logger, signal: options.signal });
    registry = openRegistry(options, clock);
    const run = new FleetRun(options, db, connection, registry, logger);
    return await run.run(names);
  } finally {
    registry?.close();
    await connection?.close();
    db.close();
  }
}

/** A dry run reads what is remembered, if anything is, and remembers nothing. */
function openRegistry({ state, dryRun }: RegisterFleetOptions, clock: Clock): Registry | undefined {
  if (!dryRun) return Registry.open(state, clock);
  return existsSync(state) ? Registry.openReadonly(state, clock) : undefined;
}

/**
 * The chosen VENs, biggest first.
 * @throws VenfleetError VEN_UNKNOWN, DB_EMPTY, SHARD_EMPTY
 */
export function selectVens(
  db: ResourceDb,
  { vens: wanted, limit, shard }: Pick<RegisterFleetOptions, 'vens' | 'limit' | 'shard'>,
): { name: string; resources: number }[] {
  const all = db.resources.vens();
  const unknown = (wanted ?? []).filter((name) => !all.some((ven) => ven.name === name));
  if (unknown.length > 0) {
    throw new VenfleetError('VEN_UNKNOWN', `the resource database has no VEN named ${unknown.join(', ')}`, {
      hint: 'VENs are named after their city, exactly as in the addresses; `npx nx run resource-db:stats` lists them',
    });
  }
  const chosen = wanted === undefined ? all : all.filter((ven) => wanted.includes(ven.name));
  if (chosen.length === 0) {
    throw new VenfleetError('DB_EMPTY', 'the resource database has no resources', {
      hint: 'fill it with `npx nx run resource-db:prepare`',
    });
  }
  const inShard = chosen.slice(0, limit ?? chosen.length).filter(({ name }) => isInShard(name, shard));
  if (shard !== undefined && inShard.length === 0) {
    throw new VenfleetError('SHARD_EMPTY', `none of the VENs is in the part ${shard.index} of ${shard.count}`, {
      hint: 'VENs are shared out by their names: take fewer parts, or name the VENs with --ven',
    });
  }
  return inShard;
}

/** One run over the chosen VENs. */
class FleetRun {
  readonly #options: RegisterFleetOptions;
  readonly #db: ResourceDb;
  readonly #connection: FleetConnection;
  readonly #registry: Registry | undefined;
  readonly #logger: Logger;
  readonly #outage = new Outage();
  readonly #results: VenResult[] = [];
  #done = 0;

  constructor(
    options: RegisterFleetOptions,
    db: ResourceDb,
    connection: FleetConnection,
    registry: Registry | undefined,
    logger: Logger,
  ) {
    this.#options = options;
    this.#db = db;
    this.#connection = connection;
    this.#registry = registry;
    this.#logger = logger;
  }

  async run(vens: readonly { name: string; resources: number }[]): Promise<RegistrationSummary> {
    const { url, version } = this.#connection;
    const { dryRun = false } = this.#options;
    const vtn = dryRun ? this.#registry?.find(url) : this.#registry?.vtn(url, version);
    const planned = vens.reduce((sum, ven) => sum + ven.resources, 0);
    this.#options.onStart?.({ url, version, vens: vens.length, resources: planned });
    const vensAtOnce = Math.min(vens.length, VENS_AT_ONCE);
    // As much again as is in flight waits for its turn: no connection is idle, and no more than that is in memory.
    const atOnce = Math.ceil((2 * this.#connection.connections) / vensAtOnce);
    await concurrently(vens, vensAtOnce, async ({ name }) => {
      const result = await this.#registerVen(name, atOnce);
      this.#results.push(result);
      if (vtn !== undefined && !dryRun) this.#remember(vtn, result);
    });
    const { limit, vens: named, shard } = this.#options;
    const wholeFleet = limit === undefined && named === undefined && shard === undefined;
    const gone =
      this.#options.prune && wholeFleet && vtn !== undefined && this.#registry !== undefined
        ? await pruneVens(this.#connection, this.#registry, vtn, new Set(vens.map(({ name }) => name)), dryRun)
        : { deleted: [], failures: [] };
    const summary = summarize(this.#connection, dryRun, this.#results, gone);
    if (vtn !== undefined && !dryRun) this.#registry?.finishRun(vtn, summary.failures.length);
    return summary;
  }

  async #registerVen(name: string, atOnce: number): Promise<VenResult> {
    const resources = () => this.#db.resources.byVen(name);
    const desired = () => {
      const present = resources();
      if (present.length === 0) throw goneMeanwhile(name);
      return { ven: desiredVen(name, present), resources: present.map(desiredResource) };
    };
    try {
      const own = this.#connection.forVen(name);
      return await registerVen({
        name,
        desired,
        access: new Access(own.client, this.#connection.business),
        clientId: own.clientId,
        outage: this.#outage,
        atOnce,
        dryRun: this.#options.dryRun ?? false,
        prune: this.#options.prune ?? false,
        signal: this.#options.signal,
        logger: this.#logger,
        onResource: () => this.#options.onProgress?.(++this.#done, name),
      });
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
      return failedWhole(name, resources(), error);
    }
  }

  #remember(vtn: number, result: VenResult): void {
    for (const failure of result.failures) this.#logger.debug({ ...failure }, 'registration failed');
    try {
      if (result.venId === undefined) this.#registry?.rememberFailures(vtn, result.name, result.failures);
      else this.#registry?.rememberVen(vtn, { name: result.name, venId: result.venId, resources: result.ids }, result.failures);
    } catch (cause) {
      throw new VenfleetError(
        'STATE_UNWRITABLE',
        `VEN ${result.name} is registered, but its ids cannot be kept: ${describeError(cause)}`,
        {
          cause,
          hint: 'mend the state database (--state) and run register again; it changes nothing twice',
        },
      );
    }
  }
}

/** An import may have changed the database since the VENs were chosen. */
function goneMeanwhile(name: string): VenfleetError {
  return new VenfleetError('VEN_UNKNOWN', `the resource database has no VEN named ${name} any more`, {
    hint: 'it was changed in the meantime: run register again',
  });
}

/** A VEN for which there are no credentials, say, fails whole. */
function failedWhole(name: string, resources: readonly Resource[], error: VenfleetError): VenResult {
  const failure = { ven: name, code: error.code, message: error.message };
  const failures = [failure, ...resources.map(({ resourceId }) => ({ ...failure, resource: resourceId }))];
  return { name, action: 'failed', created: [], updated: [], deleted: [], surplus: [], unchanged: 0, failures, ids: new Map() };
}

function summarize(
  { url, version }: FleetConnection,
  dryRun: boolean,
  results: readonly VenResult[],
  gone: { readonly deleted: readonly string[]; readonly failures: readonly Failure[] },
): RegistrationSummary {
  const sum = (of: (result: VenResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const vensThat = (action: VenResult['action']) => sum((result) => (result.action === action ? 1 : 0));
  const vens = {
    total: results.length,
    created: vensThat('created'),
    updated: vensThat('updated'),
    unchanged: vensThat('unchanged'),
    deleted: gone.deleted.length,
    failed: vensThat('failed') + gone.failures.length,
  };
  const failed = sum((result) => result.failures.filter(({ resource }) => resource !== undefined).length);
  const resources = {
    created: sum((result) => result.created.length),
    updated: sum((result) => result.updated.length),
    unchanged: sum((result) => result.unchanged),
    deleted: sum((result) => result.deleted.length),
    failed,
    surplus: sum((result) => result.surplus.length),
  };
  const total = resources.created + resources.updated + resources.unchanged + failed;
  const changes = [vens, resources].reduce((n, { created, updated, deleted }) => n + created + updated + deleted, 0);
  return {
    vtn: { url, version },
    dryRun,
    vens,
    resources: { total, ...resources },
    changes,
    vensDeleted: gone.deleted,
    failures: [...results.flatMap((result) => result.failures), ...gone.failures],
    results: [...results].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
