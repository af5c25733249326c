import { join, resolve } from 'node:path';
import type { Duration, Instant, Random } from '@venfleet/core';
import { seconds, wattHours, watts } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import {
  decodeWrite,
  encodeImage,
  imageLayout,
  type ModbusProfile,
  type ReadBlock,
  type Values,
  type WriteRequest,
} from '@venfleet/devices';
import { loadProfiles } from '@venfleet/devices/node';
import type { Connection, NewConnection, Resource } from '@venfleet/resource-db';
import { type GatewayLink, linkErrors, type OpenGateway } from '../../src/metering/modbus/link.js';

export const catalog = loadProfiles(join(resolve(import.meta.dirname, '../../../..'), 'config/device-profiles'));

/** Chance in the middle: jittered pauses are three quarters of their longest. */
export const middling: Random = { next: () => 0.5 };

export function resource(id: number, changes: Partial<Resource> = {}): Resource {
  return {
    id,
    resourceId: `00000000-0000-5000-8000-${String(id).padStart(12, '0')}`,
    name: `site ${id}`,
    type: 'DSR',
    subType: 'Hotels',
    meterPointId: `57131300000000${String(id).padStart(4, '0')}`,
    pMin: watts(0),
    pMax: watts(50_000),
    eMin: wattHours(0),
    eMax: wattHours(200_000),
    position: { longitude: 10, latitude: 56 },
    address: 'Algade 1, 9000 Aalborg',
    ven: 'Aalborg',
    enabled: true,
    readInterval: seconds(10),
    reported: true,
    readerConnectionId: id,
    writerConnectionId: null,
    createdAt: 0 as Instant,
    updatedAt: 0 as Instant,
    ...changes,
  };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export function connection(id: number, settings: DistributiveOmit<NewConnection, 'actor'>): Connection {
  return { id, actor: 'READER', createdAt: 0 as Instant, updatedAt: 0 as Instant, ...settings } as Connection;
}

/** What a device behind {@link SimulatedGateway} does when it is asked: its values, silence, or an exception. */
export type Behaviour = { readonly values: Values; readonly afterMs?: number } | 'silent' | { readonly exception: number };

export interface Asked {
  readonly unitId: number;
  readonly what: 'read' | 'write';
  readonly atMs: number;
  readonly link: number;
}

/** Gateway links without sockets, on a fake clock: registers come from the profile's own image. */
export class SimulatedGateway {
  readonly asked: Asked[] = [];
  readonly devices = new Map<number, Behaviour>();
  /** Of devices of another profile than the most. */
  readonly profiles = new Map<number, ModbusProfile>();
  connectsRefused = 0;
  connects = 0;
  inFlight = 0;
  mostInFlight = 0;
  isUp = true;
  /** How many connections it takes at once. */
  mostLinks = Number.POSITIVE_INFINITY;
  /** How many it had at once. */
  hadLinks = 0;
  readonly #clock: FakeClock;
  readonly #profile: ModbusProfile;
  readonly #links = new Set<() => void>();

  constructor(clock: FakeClock, profile: ModbusProfile) {
    this.#clock = clock;
    this.#profile = profile;
  }

  readonly open: OpenGateway = async (address) => {
    if (!this.isUp || this.#links.size >= this.mostLinks) {
      this.connectsRefused++;
      throw linkErrors.unreachable(address, 'nothing listens there');
    }
    const number = ++this.connects;
    const pending = new Set<() => void>();
    let end: () => void = () => {};
    const closed = new Promise<void>((resolve) => {
      end = resolve;
    });
    let isClosed = false;
    const close = () => {
      isClosed = true;
      for (const lost of pending) lost();
      pending.clear();
      this.#links.delete(close);
      end();
    };
    this.#links.add(close);
    this.hadLinks = Math.max(this.hadLinks, this.#links.size);
    const request = <T>(unitId: number, what: Asked['what'], answer: () => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        if (isClosed) {
          reject(linkErrors.lost(address));
          return;
        }
        const end = () => {
          if (pending.delete(lost)) this.inFlight--;
        };
        const lost = () => {
          end();
          reject(linkErrors.lost(address));
        };
        pending.add(lost);
        this.asked.push({ unitId, what, atMs: this.#clock.monotonic(), link: number });
        this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
        void answer().then(resolve, reject).finally(end);
      });
    const read: GatewayLink['read'] = (unitId, block, timeout) =>
      request(unitId, 'read', async () => {
        const values = await this.#behave(unitId, block, timeout);
        return registers(this.#profileOf(unitId), values, block);
      });
    const write: GatewayLink['write'] = (unitId, block, timeout) =>
      request(unitId, 'write', async () => this.#take(unitId, block, await this.#behave(unitId, block, timeout)));
    return { read, write, closed, close };
  };

  /** The gateway restarts: its connections break, and it may not come back. */
  drop(staysUp: boolean): void {
    this.isUp = staysUp;
    for (const close of [...this.#links]) close();
  }

  #profileOf(unitId: number): ModbusProfile {
    return this.profiles.get(unitId) ?? this.#profile;
  }

  async #behave(unitId: number, block: Pick<ReadBlock, 'table' | 'address' | 'count'>, timeout: Duration): Promise<Values> {
    const behaviour = this.devices.get(unitId) ?? 'silent';
    if (behaviour === 'silent' || ('values' in behaviour && (behaviour.afterMs ?? 0) > timeout)) {
      await this.#clock.sleep(timeout);
      throw linkErrors.timeout(unitId, timeout);
    }
    if ('exception' in behaviour) throw linkErrors.refused(unitId, behaviour.exception, block);
    if (behaviour.afterMs !== undefined) await this.#clock.sleep(behaviour.afterMs as Duration);
    return behaviour.values;
  }

  #take(unitId: number, request: WriteRequest, values: Values): void {
    const outcome = decodeWrite(this.#profileOf(unitId), request);
    if (!outcome.ok) throw linkErrors.refused(unitId, outcome.exception, request, 'write');
    const behaviour = this.devices.get(unitId) as Behaviour & object;
    this.devices.set(unitId, { ...behaviour, values: { ...values, ...outcome.values } });
  }
}

/** What a device of `profile` answers to a read. */
export function registers(
  profile: ModbusProfile,
  values: Values,
  block: Pick<ReadBlock, 'table' | 'address' | 'count'>,
): Uint8Array {
  const image = encodeImage(profile, values);
  const range = imageLayout(profile).ranges.find(
    (r) => r.table === block.table && block.address >= r.address && block.address + block.count <= r.address + r.count,
  );
  if (range === undefined) throw linkErrors.refused(0, 2, block);
  const begin = range.byteOffset + (block.address - range.address) * 2;
  return image.subarray(begin, begin + block.count * 2);
}

export { FakeClock };
