import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  type Clock,
  type Duration,
  describeError,
  isAbort,
  type Logger,
  milliseconds,
  minutes,
  silentLogger,
  systemCode,
  VenfleetError,
} from '@venfleet/core';
import { type GatewayContext, ModbusConnection } from './connection.js';
import { ModbusUnit, type UnitSpec } from './unit.js';

/** What one Modbus TCP gateway has behind it: the addresses of a serial line, Modbus over serial line 1.02, §2.2. */
export const MAX_UNITS = 247;

export interface ModbusGatewayOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** At most 247, each id once. */
  readonly units: readonly UnitSpec[];
  readonly clock: Clock;
  readonly logger?: Logger;
  /** At most so many clients at once, 128 unless given. */
  readonly maxClients?: number;
  /** A client that moves nothing for so long is closed, 10 minutes unless given. */
  readonly idleTimeout?: Duration;
}

export interface GatewayCounters {
  /** Answered, exceptions included. */
  requests: number;
  exceptions: number;
  /** Clients dropped for what is no Modbus frame. */
  malformed: number;
  /** Clients turned away or closed: too many, or idle. */
  turnedAway: number;
}

/** What a client may leave unread before it is not read from either. Node 22's own; Node 20 has 16 KiB. */
const HIGH_WATER_MARK = 65_536;
const DEFAULT_MAX_CLIENTS = 128;
const DEFAULT_IDLE_TIMEOUT = minutes(10);
/** Idle clients are looked for twice an idle time-out, so one is closed after once to one and a half times it. */
const SWEEPS_UNTIL_IDLE = 3;

/** One TCP port with up to 247 devices behind it. */
export class ModbusGateway {
  readonly counters: GatewayCounters = { requests: 0, exceptions: 0, malformed: 0, turnedAway: 0 };
  readonly units: ReadonlyMap<number, ModbusUnit>;
  readonly #context: GatewayContext;
  /** Without the units: their first images have been copied and may go. */
  readonly #options: Omit<ModbusGatewayOptions, 'units'>;
  readonly #logger: Logger;
  readonly #connections = new Set<ModbusConnection>();
  #running: { readonly server: Server; readonly stopping: AbortController } | undefined;

  /** @throws VenfleetError MODBUS_GATEWAY_INVALID or MODBUS_UNIT_INVALID */
  constructor(options: ModbusGatewayOptions) {
    checkUnits(options);
    const { units: specs, ...own } = options;
    this.#options = own;
    this.#logger = options.logger ?? silentLogger;
    const units = layOut(specs);
    this.units = new Map(units.map((unit) => [unit.id, unit]));
    this.#context = {
      units: byId(units),
      clock: options.clock,
      counters: this.counters,
      deviceFailed: ({ id }, error) =>
        this.#logger.error({ ...where(own), unit: id, error: describeError(error) }, 'a simulated device failed'),
    };
  }

  /** Where it listens. @throws VenfleetError MODBUS_GATEWAY_STOPPED before start() and after stop(). */
  get address(): { readonly host: string; readonly port: number } {
    if (this.#running === undefined) throw new VenfleetError('MODBUS_GATEWAY_STOPPED', 'this Modbus gateway is not started');
    return { host: this.#options.host, port: (this.#running.server.address() as AddressInfo).port };
  }

  get clients(): number {
    return this.#connections.size;
  }

  /**
   * Listens; does nothing when it does so already.
   * @throws VenfleetError PORT_TAKEN or LISTEN_FAILED; it may be tried again then.
   */
  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    const { clock, idleTimeout = DEFAULT_IDLE_TIMEOUT } = this.#options;
    const place = where(this.#options);
    const server = createServer({ noDelay: true, highWaterMark: HIGH_WATER_MARK }, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(listenError(cause, place)));
      server.listen(place, resolve);
    });
    // Out of file descriptors, say: the clients that are there go on.
    server.on('error', (error) => this.#logger.error({ ...place, error: describeError(error) }, 'cannot accept a Modbus client'));
    const stopping = new AbortController();
    this.#running = { server, stopping };
    void this.#sweepIdle(milliseconds(idleTimeout / 2), clock, stopping.signal);
  }

  /** Closes the port and all clients. Does nothing when it is not started. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.stopping.abort();
    const closed = new Promise<void>((resolve) => running.server.close(() => resolve()));
    for (const connection of this.#connections) connection.close();
    await closed;
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= (this.#options.maxClients ?? DEFAULT_MAX_CLIENTS) && !this.#makeRoom()) {
      this.counters.turnedAway++;
      socket.destroy();
      return;
    }
    const connection = new ModbusConnection(socket, this.#context);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }

  /** Closes the client that has been quiet the longest; false when all are busy. */
  #makeRoom(): boolean {
    let quietest: ModbusConnection | undefined;
    for (const connection of this.#connections) {
      if (connection.quietSweeps > (quietest?.quietSweeps ?? 0)) quietest = connection;
    }
    if (quietest === undefined) return false;
    this.#turnAway(quietest);
    return true;
  }

  #turnAway(connection: ModbusConnection): void {
    this.#connections.delete(connection);
    this.counters.turnedAway++;
    connection.close();
  }

  async #sweepIdle(interval: Duration, clock: Clock, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await clock.sleep(interval, signal);
        for (const connection of this.#connections) {
          if (connection.sweep() >= SWEEPS_UNTIL_IDLE) this.#turnAway(connection);
        }
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}

/**
 * Starts all or none: when one cannot, those before it are stopped again.
 * @throws VenfleetError PORT_TAKEN or LISTEN_FAILED of the first that could not.
 */
export async function startGateways(gateways: readonly ModbusGateway[]): Promise<void> {
  try {
    for (const gateway of gateways) await gateway.start();
  } catch (error) {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    throw error;
  }
}

/** The devices in one slab, each behind the other. */
function layOut(specs: readonly UnitSpec[]): ModbusUnit[] {
  const slab = Buffer.alloc(specs.reduce((sum, { layout }) => sum + layout.byteLength, 0));
  let offset = 0;
  return specs.map((spec) => {
    const unit = new ModbusUnit(spec, slab, offset);
    offset += spec.layout.byteLength;
    return unit;
  });
}

/**
 * Messaging on TCP/IP Implementation Guide 1.0b: behind a gateway the unit id says which device is meant;
 * a device that is alone on its address is spoken to with 255 or 0. A broadcast has no place on TCP.
 */
function byId(units: readonly ModbusUnit[]): (ModbusUnit | undefined)[] {
  const table: (ModbusUnit | undefined)[] = new Array(256).fill(undefined);
  if (units.length === 1) table[0] = table[255] = units[0];
  for (const unit of units) table[unit.id] = unit;
  return table;
}

function where({ host, port }: Omit<ModbusGatewayOptions, 'units'>): { host: string; port: number } {
  return { host, port };
}

function checkUnits({ units, host, port }: ModbusGatewayOptions): void {
  const seen = new Set<number>();
  const mistakes: string[] = [];
  if (units.length > MAX_UNITS) mistakes.push(`${units.length} units; a gateway carries at most ${MAX_UNITS}`);
  for (const { id, layout, image } of units) {
    if (!(Number.isInteger(id) && id >= 1 && id <= 255)) mistakes.push(`unit ${id}: not in 1…255`);
    if (seen.has(id)) mistakes.push(`unit ${id}: twice`);
    if (image !== undefined && image.length !== layout.byteLength) {
      mistakes.push(`unit ${id}: an image of ${image.length} bytes for a layout of ${layout.byteLength}`);
    }
    seen.add(id);
  }
  if (mistakes.length > 0) {
    throw new VenfleetError('MODBUS_GATEWAY_INVALID', `the Modbus gateway ${host}:${port} cannot have these units`, {
      context: { host, port },
      details: mistakes,
      hint: 'spread the devices over more ports, and give each on a port its own unit id',
    });
  }
}

function listenError(cause: unknown, place: { host: string; port: number }): VenfleetError {
  const { host, port } = place;
  if (systemCode(cause) === 'EADDRINUSE') {
    return new VenfleetError('PORT_TAKEN', `the Modbus port ${host}:${port} is in use by another program`, {
      cause,
      context: place,
      hint: 'stop the other program, or choose another base port',
    });
  }
  return new VenfleetError('LISTEN_FAILED', `cannot listen on the Modbus port ${host}:${port}: ${describeError(cause)}`, {
    cause,
    context: place,
    hint: 'choose an address of this machine and a free port',
  });
}
