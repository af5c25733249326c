import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  type Duration,
  describeError,
  type HasNow,
  type HasSleep,
  type Logger,
  milliseconds,
  type Random,
  seconds,
  systemCode,
  VenfleetError,
} from '@venfleet/core';
import { type TlsIdentity, tlsOptions } from '@venfleet/core/node';
import { Aedes, type PublishPacket } from 'aedes';
import { writeToStream } from 'mqtt-packet';
import { brokerHooks } from './broker-hooks.js';
import type { BrokerUsers } from './broker-users.js';
import type { MqttLink, OnMessage, Publication } from './link.js';
import { arriving, remember } from './message-extras.js';
import { Mqtt5Bridge, protocolLevel } from './mqtt5-bridge.js';
import { RetainedMessages } from './retained-messages.js';

export interface EmbeddedBrokerOptions {
  /** Where to listen; port 0 takes a free one. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** With it clients reach it by mqtts alone. */
  readonly tls?: TlsIdentity | undefined;
  /** Who may log in and publish what; undefined lets everybody. */
  readonly users?: BrokerUsers | undefined;
  /** A client that has not said CONNECT by then is cut off; 10 s unless given. */
  readonly connectTimeout?: Duration | undefined;
  readonly clock: HasNow & HasSleep;
  readonly random: Random;
  readonly logger: Logger;
}

const DEFAULT_CONNECT_TIMEOUT = seconds(10);
/** One subscriber that does not read stalls every other one for so long, then it is cut off. */
const DRAIN_TIMEOUT: Duration = seconds(1);
/** How long clients may take to close when the broker has ended. */
const FAREWELL: Duration = milliseconds(500);

// All 65,536 message ids as a Buffer each would be 8 MB, for what takes less than a microsecond to make.
writeToStream.cacheNumbers = false;

/**
 * A broker in this process (aedes): MQTT 3.1, 3.1.1 and, over a bridge, 5; over TLS if it has a certificate. The devices publish straight
 * into it and take no connection.
 */
export class EmbeddedBroker implements MqttLink {
  readonly #options: EmbeddedBrokerOptions;
  readonly #logger: Logger;
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];
  #aedes: Aedes | undefined;
  #idsGiven = 0;

  constructor(options: EmbeddedBrokerOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ component: 'broker' });
  }

  get connected(): boolean {
    return this.#aedes !== undefined;
  }

  get clients(): number {
    return this.#aedes?.connectedClients ?? 0;
  }

  /** Where it really listens, after `start`. */
  get ports(): number[] {
    return this.#servers.map((server) => {
      const address = server.address();
      return address !== null && typeof address === 'object' ? address.port : 0;
    });
  }

  async start(topics: readonly string[], onMessage: OnMessage): Promise<void> {
    const heard = new Set(topics);
    const { users, clock, connectTimeout = DEFAULT_CONNECT_TIMEOUT } = this.#options;
    this.#aedes = await Aedes.createBroker({
      drainTimeout: DRAIN_TIMEOUT,
      connectTimeout,
      // A QoS 1 or 2 burst to one subscriber may be a whole fleet's; 42 would cut it off.
      queueLimit: 100_000,
      published: (packet, client, done) => {
        // Undefined for what the devices themselves publish.
        if (client !== null && client !== undefined && heard.has(packet.topic)) onMessage(packet.topic, bytesOf(packet.payload));
        done(null);
      },
      ...brokerHooks({ users, now: () => clock.now() }),
    });
    retainByTopic(this.#aedes);
    this.#watch(this.#aedes);
    try {
      for (const { host, port } of this.#options.addresses) await this.#listen(this.#aedes, host, port);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  publish({ topic, payload, qos, retain }: Publication): Promise<void> {
    const aedes = this.#aedes;
    if (aedes === undefined) return Promise.resolve();
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (retain) remember(bytes, arriving(undefined, retain, this.#options.clock.now()));
    return new Promise((resolve, reject) => {
      aedes.publish({ cmd: 'publish', topic, payload: bytes, qos, retain, dup: false }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  async stop(): Promise<void> {
    const aedes = this.#aedes;
    this.#aedes = undefined;
    const closing = this.#servers.splice(0).map((server) => new Promise((done) => server.close(done)));
    // Torn down at once, a connection may lose what was said last: the devices' farewells.
    for (const socket of this.#sockets) socket.end();
    const patience = new AbortController();
    await Promise.race([Promise.all(closing), this.#options.clock.sleep(FAREWELL, patience.signal).catch(() => {})]);
    patience.abort();
    if (aedes !== undefined) await new Promise<void>((done) => aedes.close(done));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closing);
  }

  #watch(aedes: Aedes): void {
    const log = this.#logger;
    aedes.on('clientError', (client, error) => log.debug({ client: client.id, reason: describeError(error) }, 'client cut off'));
    aedes.on('connectionError', (_client, error) => log.debug({ reason: describeError(error) }, 'connection refused'));
    // Not in its types: a failure of the persistence, which is in memory and has none.
    (aedes as NodeJS.EventEmitter).on('error', (error) => log.error({ reason: describeError(error) }, 'broker failed'));
  }

  async #listen(aedes: Aedes, host: string, port: number): Promise<void> {
    const { tls, connectTimeout = DEFAULT_CONNECT_TIMEOUT } = this.#options;
    const accept = (socket: Socket) => this.#accept(aedes, socket);
    const server =
      tls === undefined
        ? createServer({ noDelay: true }, accept)
        : createTlsServer({ noDelay: true, ...tlsOptions(tls, connectTimeout) }, accept);
    // Those that have not shaken hands yet, too.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('tlsClientError', (error: Error) => this.#logger.debug({ reason: describeError(error) }, 'TLS refused'));
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(listenError(cause, host, port)));
      server.listen(port, host, resolve);
    });
  }

  /** Looks at the first bytes to tell MQTT 5 from 3.1.1, then hands the connection over with nothing taken out. */
  #accept(aedes: Aedes, socket: Socket): void {
    const cutOff = () => socket.destroy();
    socket.on('error', cutOff);
    socket.setTimeout(this.#options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT, cutOff);
    let begun: Buffer = Buffer.alloc(0);
    const look = (chunk: Buffer) => {
      begun = begun.length === 0 ? chunk : Buffer.concat([begun, chunk]);
      const level = protocolLevel(begun);
      if (level === undefined) return;
      socket.off('data', look);
      socket.pause();
      if (level === 0) {
        cutOff();
        return;
      }
      socket.setTimeout(0);
      socket.off('timeout', cutOff);
      socket.unshift(begun);
      aedes.handle(level === 5 ? this.#bridge(socket) : socket);
    };
    socket.on('data', look);
  }

  #bridge(socket: Socket): Mqtt5Bridge {
    return new Mqtt5Bridge(
      socket,
      () => this.#newClientId(),
      () => this.#options.clock.now(),
    );
  }

  #newClientId(): string {
    this.#idsGiven++;
    return `auto-${Math.floor(this.#options.random.next() * 0xffffffff).toString(16)}-${this.#idsGiven}`;
  }
}

function retainByTopic(aedes: Aedes): void {
  const retained = new RetainedMessages();
  // Not in its types: where it keeps sessions and what is retained.
  const { persistence } = aedes as unknown as { persistence: object };
  Object.assign(persistence, {
    storeRetained: async (packet: PublishPacket) => retained.store(packet),
    createRetainedStream: (filter: string) => retained.stream([filter]),
    createRetainedStreamCombi: (filters: string[]) => retained.stream(filters),
  });
}

function bytesOf(payload: PublishPacket['payload']): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}

function listenError(cause: unknown, host: string, port: number): VenfleetError {
  if (systemCode(cause) === 'EADDRINUSE') {
    return new VenfleetError('PORT_TAKEN', `port ${port} of ${host}, for MQTT, is in use by another program`, {
      cause,
      context: { host, port },
      hint: `stop the other program (lsof -i :${port} names it); if it is a broker, let the devices use it: --broker mqtt://${host}:${port}`,
    });
  }
  return new VenfleetError('LISTEN_FAILED', `cannot listen for MQTT on port ${port} of ${host}: ${describeError(cause)}`, {
    cause,
    context: { host, port },
    hint: 'the resource database names an address of another machine: run the simulator there, or use its broker with --broker',
  });
}
