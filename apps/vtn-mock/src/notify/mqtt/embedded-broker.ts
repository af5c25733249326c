import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  type Clock,
  type Duration,
  describeError,
  type Instant,
  type Logger,
  milliseconds,
  seconds,
  systemCode,
  VenfleetError,
} from '@venfleet/core';
import { type TlsIdentity, tlsOptions } from '@venfleet/core/node';
import type { wire310 } from '@venfleet/openadr';
import { Aedes, type AedesOptions, type Client } from 'aedes';
import type { Caller } from '../../auth/caller.js';
import { afterShortHeader } from './first-packet.js';
import type { MqttLink, MqttMessage } from './link.js';
import { filtersOf } from './topics.js';

/** Who logs in, and what it may hear. */
export interface BrokerGate {
  /** false: everybody comes in without a name. */
  readonly asksForTokens: boolean;
  /** Who a token is of and until when, or undefined. */
  admit(token: string): Promise<{ readonly caller: Caller; readonly expires: Instant } | undefined>;
  mayHear(caller: Caller, filter: string): boolean;
}

export interface EmbeddedBrokerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** With it clients reach it by mqtts alone. */
  readonly tls?: TlsIdentity | undefined;
  readonly gate: BrokerGate;
  /** Who everybody is where no tokens are asked for. */
  readonly anybody: Caller;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A client that has not said CONNECT by then is cut off. */
const CONNECT_TIMEOUT: Duration = seconds(10);
/** One subscriber that does not read stalls every other one for so long, then it is cut off. */
const DRAIN_TIMEOUT: Duration = seconds(1);
/** A client with a mended network may come again before its last connections are known to be dead. */
const CONNECTIONS_EACH = 8;

/** A connection, and what it hears. */
interface Session {
  readonly caller: Caller;
  readonly filters: Set<string>;
  readonly ended: AbortController;
}

/**
 * A broker in this process (aedes, MQTT 3.1.1), over TLS if the VTN has it, that only the VTN publishes on. A client logs in with its client id as
 * user name and its access token as password, is cut off when the token expires, and hears what its role may hear.
 */
export class EmbeddedBroker implements MqttLink {
  readonly #options: EmbeddedBrokerOptions;
  readonly #logger: Logger;
  readonly #sessions = new Map<Client, Session>();
  readonly #hearers = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  #address: Pick<AddressInfo, 'address' | 'port'>;

  constructor(options: EmbeddedBrokerOptions) {
    this.#options = options;
    this.#address = { address: options.host, port: options.port };
    this.#logger = options.logger.child({ component: 'broker' });
  }

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker({
      drainTimeout: DRAIN_TIMEOUT,
      connectTimeout: CONNECT_TIMEOUT,
      // A burst of changes to one subscriber may be a whole fleet's; 42 would cut it off.
      queueLimit: 100_000,
      ...this.#rules(),
    });
    this.#aedes = aedes;
    aedes.on('subscribe', (subscriptions, client) =>
      this.#heard(
        client,
        subscriptions.map(({ topic }) => topic),
      ),
    );
    aedes.on('unsubscribe', (filters, client) => this.#unheard(client, filters));
    aedes.on('clientDisconnect', (client) => this.#ended(client));
    aedes.on('clientError', (_client, error) => this.#logger.debug({ reason: describeError(error) }, 'client cut off'));
    aedes.on('connectionError', (_client, error) => this.#logger.debug({ reason: describeError(error) }, 'connection refused'));
    const { host, port, tls } = this.#options;
    const accept = (socket: Socket) => afterShortHeader(socket, CONNECT_TIMEOUT, () => aedes.handle(socket));
    const server =
      tls === undefined
        ? createServer({ noDelay: true }, accept)
        : createTlsServer({ noDelay: true, ...tlsOptions(tls, CONNECT_TIMEOUT) }, accept);
    // Those that have not shaken hands yet, too.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('tlsClientError', (error: Error) => this.#logger.debug({ reason: describeError(error) }, 'TLS refused'));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(listenError(cause, host, port)));
      server.listen(port, host, resolve);
    });
    this.#address = server.address() as AddressInfo;
  }

  async stop(): Promise<void> {
    const [aedes, server] = [this.#aedes, this.#server];
    this.#aedes = undefined;
    this.#server = undefined;
    const closed = server?.listening ? new Promise((resolve) => server.close(resolve)) : undefined;
    if (aedes !== undefined) await new Promise<void>((resolve) => aedes.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    for (const client of this.#sessions.keys()) this.#ended(client);
  }

  get heard(): boolean {
    return this.#hearers.size > 0;
  }

  hears(topic: string): boolean {
    return filtersOf(topic).some((filter) => this.#hearers.has(filter));
  }

  publish({ topic, payload }: MqttMessage): Promise<void> {
    const aedes = this.#aedes;
    if (aedes === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const packet = { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 1, retain: false, dup: false } as const;
      aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
  }

  disconnect(clientId: string): void {
    for (const [client, { caller }] of this.#sessions) if (caller.clientId === clientId) client.close();
  }

  notifier(host: string): wire310.MqttNotifier {
    const { address, port } = this.#address;
    const { tls, gate } = this.#options;
    // Whoever listens on all addresses is reached by the one that the client has already; a certificate is for that, too.
    const isReachedAlike = tls !== undefined || /^(0\.0\.0\.0|::)$/.test(address);
    const reached = isReachedAlike ? host : address.includes(':') ? `[${address}]` : address;
    const { asksForTokens } = gate;
    return {
      URIS: [`${tls === undefined ? 'mqtt' : 'mqtts'}://${reached}:${port}`],
      serialization: 'JSON',
      authentication: asksForTokens ? { method: 'OAUTH2_BEARER_TOKEN', username: '{clientID}' } : { method: 'ANONYMOUS' },
    };
  }

  #rules(): AedesOptions {
    const { gate } = this.#options;
    const latest = new WeakMap<object, number>();
    return {
      preConnect: (client, packet, done) => {
        // Sessions end with their connections, since whoever comes back reads over REST anyway; nobody takes over
        // another's by its id; and no will is published, as nothing of a client's is.
        Object.assign(packet, { clean: true, clientId: randomUUID(), will: undefined });
        Object.assign(client, { duplicates: NOTHING_SEEN });
        done(null, true);
      },
      authenticate: (client, username, password, done) => {
        this.#admit(client, username, password).then(
          (admitted) => (admitted ? done(null, true) : done(refusal(), false)),
          () => done(refusal(), false),
        );
      },
      authorizePublish: (client, packet, done) => {
        done(client === null || client === undefined ? null : new Error(`${packet.topic} is the VTN's alone`));
      },
      authorizeSubscribe: (client, subscription, done) => {
        const session = this.#sessions.get(client);
        const allowed = session !== undefined && gate.mayHear(session.caller, subscription.topic);
        // Null answers with SUBACK 128 (MQTT 3.1.1 section 3.9.3) and goes on.
        done(null, allowed ? subscription : null);
      },
      authorizeForward: (client, packet) => {
        // Each message once, though two filters fit it: see NOTHING_SEEN.
        if (latest.get(client) === packet.brokerCounter) return null;
        latest.set(client, packet.brokerCounter);
        return packet;
      },
    };
  }

  async #admit(client: Client, username: string | undefined, password: Buffer | undefined): Promise<boolean> {
    const { gate, clock, anybody } = this.#options;
    if (!gate.asksForTokens) {
      this.#begin(client, anybody);
      return true;
    }
    const admitted = password === undefined ? undefined : await gate.admit(password.toString('utf8'));
    if (admitted === undefined || admitted.caller.clientId !== username || this.#connectionsOf(username) >= CONNECTIONS_EACH) {
      return false;
    }
    const { ended } = this.#begin(client, admitted.caller);
    clock.sleep(milliseconds(Math.max(0, admitted.expires - clock.now())), ended.signal).then(
      () => client.close(),
      () => undefined,
    );
    return true;
  }

  #begin(client: Client, caller: Caller): Session {
    const session: Session = { caller, filters: new Set(), ended: new AbortController() };
    this.#sessions.set(client, session);
    // A connection that breaks before it is accepted is never told to have disconnected.
    client.conn.once('close', () => this.#ended(client));
    return session;
  }

  #connectionsOf(clientId: string): number {
    return [...this.#sessions.values()].filter(({ caller }) => caller.clientId === clientId).length;
  }

  #heard(client: Client, filters: readonly string[]): void {
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    for (const filter of filters) {
      if (session.filters.has(filter)) continue;
      session.filters.add(filter);
      this.#hearers.set(filter, (this.#hearers.get(filter) ?? 0) + 1);
    }
  }

  #unheard(client: Client, filters: readonly string[]): void {
    const session = this.#sessions.get(client);
    for (const filter of filters) {
      if (!session?.filters.delete(filter)) continue;
      const left = (this.#hearers.get(filter) ?? 1) - 1;
      if (left === 0) this.#hearers.delete(filter);
      else this.#hearers.set(filter, left);
    }
  }

  #ended(client: Client): void {
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    this.#unheard(client, [...session.filters]);
    this.#sessions.delete(client);
    session.ended.abort();
  }
}

/**
 * Stands for a client's record of what it has had, and is always empty: aedes takes a message that was overtaken by a
 * later one for a duplicate, and loses it.
 */
const NOTHING_SEEN = new Proxy({}, { get: () => 0, set: () => true, deleteProperty: () => true });

/** CONNACK 4: bad user name or password (MQTT 3.1.1 section 3.2.2.3). */
function refusal() {
  return Object.assign(new Error('not a valid token of this client'), { returnCode: 4 as const });
}

function listenError(cause: unknown, host: string, port: number): VenfleetError {
  const taken = systemCode(cause) === 'EADDRINUSE';
  return new VenfleetError(
    taken ? 'PORT_TAKEN' : 'LISTEN_FAILED',
    taken
      ? `port ${port} of ${host}, for MQTT, is in use by another program`
      : `cannot listen for MQTT on port ${port} of ${host}: ${describeError(cause)}`,
    { cause, context: { host, port }, hint: 'choose another port with --mqtt-port, or 0 for a free one' },
  );
}
