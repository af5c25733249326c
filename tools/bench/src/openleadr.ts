import { mkdirSync } from 'node:fs';
import { seconds, silentLogger, systemClock, systemRandom } from '@venfleet/core';
import {
  cacheFolder,
  isSkipped,
  KINDS,
  type OpenleadrKind,
  Operator,
  openleadrVtn,
  type Postgres,
  Processes,
  startOpenleadr,
  startPostgres,
} from '@venfleet/interop';
import { type Client, clientOf, createHttpTransport, loadCredentials, type WireVersion } from '@venfleet/openadr';
import { succeeded } from './mock.js';
import type { RecordedVen } from './recording.js';
import { notMeasured } from './row.js';
import type { Workplace } from './workplace.js';
import type { ResourcePost } from './wrk.js';

/** An openleadr-vtn on an empty database, which knows the clients of a credentials file. */
export interface RealVtn {
  readonly url: string;
  token(client: Client): Promise<string>;
  /** Makes a VEN, unless it had to be there before its client, and leaves its resources to others. */
  createVen(recorded: RecordedVen): Promise<ResourcePost[]>;
  stop(): Promise<void>;
}

interface Built {
  readonly program: string;
  readonly isOptimised: boolean;
}

/** The optimised program, or else the one that `npm run interop -- openleadr` has built, which is not. */
async function builtProgram(processes: Processes, cache: string, kind: OpenleadrKind): Promise<Built> {
  const built = async (isOptimised: boolean) => ({
    ...(await openleadrVtn(processes, cache, kind, { mayBuild: false, isOptimised })),
    isOptimised,
  });
  return await built(true).catch((error: unknown) => {
    if (isSkipped(error)) return built(false);
    throw error;
  });
}

/** Starts openleadr-vtn as often as it is asked for, each time on a database of its own. */
export class RealVtns {
  readonly #kind: OpenleadrKind;
  readonly #built: Built;
  readonly #processes: Processes;
  readonly #postgres: Postgres;
  #started = 0;

  private constructor(kind: OpenleadrKind, built: Built, processes: Processes, postgres: Postgres) {
    this.#kind = kind;
    this.#built = built;
    this.#processes = processes;
    this.#postgres = postgres;
  }

  /** @throws VenfleetError NOT_MEASURED where openleadr-vtn is not built or there is no PostgreSQL */
  static async open(place: Workplace, version: WireVersion): Promise<RealVtns> {
    const kind = KINDS.find(({ speaks }) => speaks === version) as OpenleadrKind;
    const processes = new Processes(place.signal);
    const folder = place.path('postgres');
    mkdirSync(folder);
    try {
      const built = await builtProgram(processes, cacheFolder(process.env), kind);
      const postgres = await startPostgres(processes, cacheFolder(process.env), folder, systemClock);
      place.atEnd(() => postgres.stop());
      return new RealVtns(kind, built, processes, postgres);
    } catch (error) {
      if (!isSkipped(error)) throw error;
      throw notMeasured(`${error.message}; \`npm run interop -- build-optimised\` builds it`, error);
    }
  }

  /** What a reader has to know of the peer. */
  get notes(): string[] {
    const build = this.#built.isOptimised ? '' : ', a development build: its figures are a fraction of what it can do';
    const { version } = this.#postgres;
    return [`openleadr-vtn ${this.#kind.version}${build}; ${version} with fsync and synchronous_commit off`];
  }

  /** @param credentials path of the credentials file */
  async start(credentials: string): Promise<RealVtn> {
    const kind = this.#kind;
    const transport = createHttpTransport({ clock: systemClock, logger: silentLogger, requestTimeout: seconds(60) });
    const ports = { transport, clock: systemClock, random: systemRandom, logger: silentLogger };
    const at = { processes: this.#processes, transport, clock: systemClock };
    const { url, stop } = await startOpenleadr(at, kind, this.#built.program, this.#postgres, `bench_${++this.#started}`);
    const file = loadCredentials(credentials);
    const operator = new Operator({ kind, url, clients: file.clients, ...ports });
    await operator.provision();
    const business = await operator.business();
    return {
      url,
      token: (client) => tokenOf(url, client),
      async createVen({ ven: { venName }, resources }) {
        const clientId = clientOf(file, venName)?.clientId;
        const [known] = await business.listVens({ name: venName });
        const { id } = known ?? (await business.createVen({ name: venName, clientId }));
        if (kind.speaks === '3.0.1') return resources.map((body) => ({ path: `/vens/${id}/resources`, body }));
        const own = { objectType: 'BL_RESOURCE_REQUEST', clientID: clientId, venID: id };
        return resources.map((body) => ({ path: '/resources', body: { ...own, ...body } }));
      },
      async stop() {
        await transport.close();
        await stop();
      },
    };
  }
}

async function tokenOf(url: string, { clientId, clientSecret }: Client): Promise<string> {
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  const answer = await fetch(`${url}/auth/token`, { method: 'POST', body: new URLSearchParams(form) });
  return ((await succeeded(answer)) as { access_token: string }).access_token;
}
