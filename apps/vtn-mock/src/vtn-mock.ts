import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { CONSOLE_PATH } from '@venfleet/console-api';
import { LoginAttempts } from '@venfleet/console-api/server';
import {
  type Clock,
  type Duration,
  describeError,
  hours,
  type Logger,
  milliseconds,
  minutes,
  type Random,
  silentLogger,
  systemClock,
  systemCode,
  systemRandom,
  VenfleetError,
} from '@venfleet/core';
import type { TlsIdentity } from '@venfleet/core/node';
import { announceVtns, type Client, type MdnsPlace, WIRE_VERSIONS, type WireVersion } from '@venfleet/openadr';
import type { FastifyInstance } from 'fastify';
import { openAuthorizer, tokenAuthorizer } from './auth/authorize.js';
import { type ClientRegistry, clientFile, clientList } from './auth/clients.js';
import { TokenAuthority } from './auth/tokens.js';
import { AttachedConsole, type ConsoleOptions } from './console/attach.js';
import { FaultRegistry } from './faults/registry.js';
import { buildSite, DEFAULT_LIMITS, type Limits, type Mount } from './http/site.js';
import { Changes } from './notify/changes.js';
import { type LinkPorts, type MqttOptions, openLink } from './notify/mqtt/open-link.js';
import { type NotificationPorts, Notifications } from './notify/notifications.js';
import { type CallbackRules, namesLoopback } from './notify/webhooks/callback-rules.js';
import { openTables } from './objects/tables.js';
import { Counts } from './ops/counts.js';
import { type Quirk, withAdmin } from './quirks.js';
import { openStore, type Store } from './store/store.js';
import type { Settings, VtnContext } from './vtn-context.js';

/** Shorter than the five seconds that a service manager gives. */
const STOP_GRACE = milliseconds(3_000);
/** Failed attempts of one client at one address to have a token. */
const TOKEN_ATTEMPTS = { most: 20, within: minutes(1) };

export interface VtnMockOptions extends Partial<Settings> {
  /** Where a VTN listens on this machine alone, callbacks on it are allowed, without TLS, too; none else that is not public. */
  readonly callbacks?: Partial<CallbackRules>;
  /** PEM of the authorities of callbacks' certificates; the system's unless given. */
  readonly callbackCa?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** 8000 by default; 0 takes a free one. */
  readonly port?: number;
  /** Ports that have one version at their root. */
  readonly rootPorts?: Partial<Readonly<Record<WireVersion, number>>>;
  /** Where each version is below `port`; `/openadr3/VERSION` by default. */
  readonly basePaths?: Partial<Readonly<Record<WireVersion, string>>>;
  /** SQLite file, made when missing; `:memory:` by default. */
  readonly dataFile?: string;
  /** Who may have tokens: a list, or the path of a credentials file, which is followed when it changes. */
  readonly clients?: readonly Client[] | string;
  /** false: no tokens are asked for and everybody acts as business logic. */
  readonly auth?: boolean;
  /** One hour by default. */
  readonly tokenLifetime?: Duration;
  readonly limits?: Partial<Limits>;
  /** Serves HTTPS alone. */
  readonly tls?: TlsIdentity;
  /** Announces both versions by multicast DNS, by the public URL or else the name of this machine. */
  readonly mdns?: MdnsPlace;
  /** Ways of other VTNs; none by default. */
  readonly quirks?: readonly Quirk[];
  /** Lets business logic switch faults on at /operator/faults; equal seeds give equal faults. */
  readonly faults?: { readonly seed: string | number };
  /** Has a console on the main port. */
  readonly console?: ConsoleOptions;
  /** Tells of changes by MQTT, too (3.1). */
  readonly mqtt?: MqttOptions;
}

/** Where a running VTN is. */
export interface VtnAddress {
  /** `http://HOST:PORT`, or https */
  readonly origin: string;
  /** Base URL of each version. */
  readonly urls: Readonly<Record<WireVersion, string>>;
  /** Base URLs of the versions that have a port of their own. */
  readonly rootUrls: Partial<Readonly<Record<WireVersion, string>>>;
  /** Where its MQTT broker is. */
  readonly mqttUrl?: string;
  readonly consoleUrl?: string;
  /** Good for one login from this machine, soon. */
  readonly consoleLoginUrl?: string;
}

export interface VtnMock {
  /**
   * Opens the store and listens; when one of its ports is taken, nothing stays open.
   * @throws VenfleetError PORT_TAKEN, LISTEN_FAILED, TLS_INVALID, a DB_ error or one of the credentials file.
   */
  start(): Promise<VtnAddress>;
  /** Answers what is under way, for three seconds at most, then closes the store. Harmless when not started. */
  stop(): Promise<void>;
}

/** An OpenADR VTN for 3.0.1 and 3.1 in this process. Does nothing before `start`. */
export function buildVtnMock(options: VtnMockOptions = {}): VtnMock {
  let running: Running | undefined;
  return {
    async start() {
      if (running !== undefined) throw new VenfleetError('ALREADY_STARTED', 'this VTN is running already');
      running = new Running(options);
      try {
        return await running.start();
      } catch (error) {
        await this.stop();
        throw error;
      }
    },
    async stop() {
      const stopping = running;
      running = undefined;
      await stopping?.stop();
    },
  };
}

/** One run from start to stop: what was opened, in order, to be closed in reverse. */
class Running {
  readonly #options: VtnMockOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  #store: Store | undefined;
  #notifications: Notifications | undefined;
  #sites: FastifyInstance[] = [];
  #console: AttachedConsole | undefined;
  #takeBack: (() => Promise<void>) | undefined;

  constructor(options: VtnMockOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#logger = (options.logger ?? silentLogger).child({ component: 'vtn' });
  }

  async start(): Promise<VtnAddress> {
    const { basePaths = {}, rootPorts = {}, port = 8000, publicUrl, dataFile = ':memory:' } = this.#options;
    const mounts = WIRE_VERSIONS.map((version) => ({ version, prefix: basePaths[version] ?? `/openadr3/${version}` }));
    const clients = this.#clients();
    this.#store = openStore(dataFile, this.#clock);
    const context = this.#context(this.#store, clients);
    await context.notifications.start();
    const origin = await this.#listen(context, mounts, port, this.#console);
    const rootUrls: Partial<Record<WireVersion, string>> = {};
    for (const version of WIRE_VERSIONS) {
      const own = rootPorts[version];
      if (own !== undefined) rootUrls[version] = await this.#listen(context, [{ version, prefix: '' }], own);
    }
    const base = publicUrl ?? origin;
    this.#announce(context, mounts, base);
    const urls = Object.fromEntries(mounts.map((m) => [m.version, base + m.prefix])) as Record<WireVersion, string>;
    this.#logger.info({ origin, data: dataFile }, 'VTN listens');
    const mqttUrl = context.notifications.mqtt?.notifier(new URL(base).hostname).URIS[0];
    return { origin: base, urls, rootUrls, ...(mqttUrl === undefined ? {} : { mqttUrl }), ...this.#consoleAt(base) };
  }

  async stop(): Promise<void> {
    await this.#takeBack?.();
    this.#console?.stop();
    const sites = this.#sites;
    this.#sites = [];
    const patience = new AbortController();
    // Fastify waits for the answers under way; connections that never finish are cut after a while.
    const cut = this.#clock.sleep(STOP_GRACE, patience.signal).then(
      () => {
        for (const site of sites) site.server.closeAllConnections();
      },
      () => undefined,
    );
    await Promise.all(sites.map((site) => site.close()));
    patience.abort();
    await cut;
    await this.#notifications?.stop();
    this.#store?.close();
    if (this.#store !== undefined) this.#logger.info({}, 'VTN stopped');
    this.#store = undefined;
  }

  #consoleAt(base: string): Pick<VtnAddress, 'consoleUrl' | 'consoleLoginUrl'> {
    if (this.#console === undefined) return {};
    const path = this.#console.loginPath();
    return { consoleUrl: base + CONSOLE_PATH, ...(path === undefined ? {} : { consoleLoginUrl: base + path }) };
  }

  /** OpenADR 3.1 Definition, local discovery. */
  #announce({ programs }: VtnContext, mounts: readonly Mount[], base: string): void {
    const { mdns, auth = true, publicUrl } = this.#options;
    if (mdns === undefined) return;
    const host = `${hostname().split('.')[0]}.local`;
    const url = new URL(base);
    if (publicUrl === undefined) url.hostname = host;
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const programNames = programs.page([], { skip: 0, limit: 50 }).map(({ name }) => name);
    const announcements = mounts.map(({ version, prefix }) => {
      const localUrl = `${url.href.replace(/\/+$/, '')}${prefix}`;
      const openapiUrl = `${localUrl}/openapi.json`;
      const vtn = { version, basePath: prefix, localUrl, programNames, requiresAuth: auth, openapiUrl };
      return { name: `venfleet VTN mock ${version} on ${host} ${port}`, host, port, vtn };
    });
    this.#takeBack = announceVtns(announcements, this.#logger, mdns);
  }

  #clients(): ClientRegistry {
    const { clients = [], quirks = [] } = this.#options;
    const known = typeof clients === 'string' ? clientFile(clients, this.#logger) : clientList(clients);
    if (!quirks.includes('admin')) return known;
    return withAdmin(known, () => quirks.includes('reset') && this.#store?.clear());
  }

  #context(store: Store, clients: ClientRegistry): VtnContext {
    const { auth = true, tokenLifetime = hours(1), ...options } = this.#options;
    const tokens = new TokenAuthority({
      issuer: options.publicUrl ?? 'urn:venfleet:vtn-mock',
      lifetime: tokenLifetime,
      clock: this.#clock,
    });
    const clock = this.#clock;
    const faults = options.faults === undefined ? undefined : new FaultRegistry({ clock, seed: options.faults.seed });
    const changes = new Changes();
    const tables = openTables(store.db, changes);
    this.#notifications = this.#notificationsOf({ store, tables, changes, tokens, auth, faults });
    const context: VtnContext = {
      settings: {
        venSelfRegistration: options.venSelfRegistration ?? true,
        strictTargets: options.strictTargets ?? false,
        limitZero: options.limitZero ?? 'allow',
        publicUrl: options.publicUrl,
      },
      store,
      ...tables,
      notifications: this.#notifications,
      clients,
      tokens,
      attempts: new LoginAttempts(clock, TOKEN_ATTEMPTS),
      faults,
      counts: new Counts(),
      clock,
      authorizer: auth ? tokenAuthorizer(tokens) : openAuthorizer,
      logger: this.#logger,
    };
    const { console: wanted } = options;
    if (wanted !== undefined) this.#console = new AttachedConsole(wanted, { context, changes, auth, random: this.#random });
    return context;
  }

  #notificationsOf(
    parts: Pick<NotificationPorts, 'store' | 'tables' | 'changes' | 'faults'> & Pick<LinkPorts, 'tokens' | 'auth'>,
  ) {
    const { host = '127.0.0.1', tls, callbacks, callbackCa: ca, mqtt } = this.#options;
    const ports = { clock: this.#clock, random: this.#random, logger: this.#logger };
    const { store, tables, changes, tokens, auth, faults } = parts;
    const links = { ...ports, host, tls, auth, tokens, store, vens: tables.vens };
    const link = mqtt === undefined ? undefined : openLink(mqtt, links);
    const rules = { http: false, privateAddresses: false, loopback: namesLoopback(host), ...callbacks };
    return new Notifications({ ...ports, store, tables, changes, rules, ca, faults, mqtt: link });
  }

  async #listen(context: VtnContext, mounts: readonly Mount[], port: number, console?: AttachedConsole): Promise<string> {
    const { host = '127.0.0.1', limits, tls } = this.#options;
    const site = await buildSite(context, mounts, { ...DEFAULT_LIMITS, ...limits }, tls, console);
    this.#sites.push(site);
    try {
      await site.listen({ host, port });
    } catch (cause) {
      throw listenError(cause, host, port);
    }
    const address = site.server.address() as AddressInfo;
    return `${tls === undefined ? 'http' : 'https'}://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  }
}

function listenError(cause: unknown, host: string, port: number): VenfleetError {
  if (systemCode(cause) === 'EADDRINUSE') {
    return new VenfleetError('PORT_TAKEN', `port ${port} of ${host} is in use by another program`, {
      cause,
      context: { host, port },
      hint: 'stop the other program, or choose another port with --port',
    });
  }
  return new VenfleetError('LISTEN_FAILED', `cannot listen on port ${port} of ${host}: ${describeError(cause)}`, {
    cause,
    context: { host, port },
    hint: 'choose an address of this machine with --host and a free port with --port',
  });
}
