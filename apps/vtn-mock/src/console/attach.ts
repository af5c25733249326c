import { CONSOLE_PATH } from '@venfleet/console-api';
import { ConsoleServer } from '@venfleet/console-api/server';
import type { Random } from '@venfleet/core';
import type { FastifyInstance, FastifyRequest, HTTPMethods } from 'fastify';
import type { Changes } from '../notify/changes.js';
import type { VtnContext } from '../vtn-context.js';
import { ConsoleWriting } from './event-writing.js';
import { VtnGuard } from './guard.js';
import { LiveModel } from './live-model.js';
import { SimulatorFaults } from './simulator.js';
import { VtnConsole } from './vtn-console.js';

export interface ConsoleOptions {
  /** Folder of the built page; undefined where it was not found. */
  readonly page?: string | undefined;
  /** Base URL of a device simulator's HTTP view, for its faults. */
  readonly simulator?: string | undefined;
  /** Makes a login link, for one login from this machine. */
  readonly link?: boolean | undefined;
}

export interface ConsolePorts {
  readonly context: VtnContext;
  readonly changes: Changes;
  readonly auth: boolean;
  readonly random: Random;
}

/** A VTN's console: no I/O before it is asked for something. */
export class AttachedConsole {
  readonly #options: ConsoleOptions;
  readonly #ports: ConsolePorts;
  readonly #guard: VtnGuard;
  readonly #model: LiveModel;
  #server: ConsoleServer | undefined;

  constructor(options: ConsoleOptions, ports: ConsolePorts) {
    const { context, changes, auth } = ports;
    this.#options = options;
    this.#ports = ports;
    this.#guard = new VtnGuard({ tokens: context.tokens, auth, tokenUrl: '/operator/auth/token', clock: context.clock });
    this.#model = new LiveModel({ ...context, changes });
  }

  /** Adds its routes to a site. */
  addTo(site: FastifyInstance): void {
    const { context, random, changes } = this.#ports;
    const { clock, logger } = context;
    const writing = new ConsoleWriting({ model: this.#model, context, random });
    const { simulator, page } = this.#options;
    const faults = simulator === undefined ? undefined : new SimulatorFaults(simulator);
    const backend = new VtnConsole({ ...context, changes, model: this.#model, writing, faults });
    const server = new ConsoleServer({ backend, guard: this.#guard, page, clock, logger });
    this.#server = server;
    for (const url of [CONSOLE_PATH.slice(0, -1), `${CONSOLE_PATH}*`]) {
      site.route({
        method: site.supportedMethods as HTTPMethods[],
        url,
        schema: { hide: true },
        // Before Fastify reads the body: the console's server answers any that Node has.
        onRequest: async (request, reply) => {
          reply.hijack();
          await server.handle(request.raw, reply.raw);
        },
        handler: () => undefined,
      });
    }
  }

  /** Path of the login link, whose code is in the fragment, which no server and no log sees; undefined where there is none. */
  loginPath(): string | undefined {
    const { auth } = this.#ports;
    return auth && this.#options.link === true ? `${CONSOLE_PATH}#code=${this.#guard.issueCode()}` : undefined;
  }

  /** Ends streams, and forgets what is known. */
  stop(): void {
    this.#server?.stop();
  }
}

/** Whether somebody would rather see a page than JSON, as browsers say of whatever is typed in. */
export function wantsPage({ headers: { accept = '' } }: FastifyRequest): boolean {
  return accept.includes('text/html');
}
