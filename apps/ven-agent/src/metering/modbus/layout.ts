import { isVenfleetError, VenfleetError } from '@venfleet/core';
import {
  type BlockReply,
  checkProbe,
  discoverSunSpec,
  type ModbusProfile,
  namesToPoll,
  type Probe,
  placeSunSpec,
  planReads,
  type ReadBlock,
  type SunSpecLayout,
  type WriteRequest,
} from '@venfleet/devices';
import { dialectOf } from '../../control/dialect.js';
import { readingValuesOf } from '../plan.js';
import { exceptionOf, ILLEGAL_ADDRESS } from './link.js';

/** What to read of a device, and how to decode it; shared by all devices that are laid out alike. */
export interface DeviceLayout {
  readonly profile: ModbusProfile;
  /** For each reading. */
  readonly fast: readonly ReadBlock[];
  /** Now and then, with the fast ones. */
  readonly slow: readonly ReadBlock[];
  /** Once a device, to know it by. */
  readonly once: readonly ReadBlock[];
  /** What a controller says of itself; nothing for a device that cannot be controlled. */
  readonly control: readonly ReadBlock[];
}

/** Reads from one device. */
export type ReadRegisters = (block: Pick<ReadBlock, 'table' | 'address' | 'count'>) => Promise<Uint8Array>;

/** The registers of one device, while it is its turn. */
export interface Registers {
  readonly read: ReadRegisters;
  readonly write: (request: WriteRequest) => Promise<void>;
}

/** Gets the device's registers when it is its turn, ahead of reads for a write. */
export type Ask = <T>(what: 'read' | 'write', work: (registers: Registers) => Promise<T>) => Promise<T>;

/** Makes layouts, each once. */
export class Layouts {
  readonly #known = new Map<string, DeviceLayout>();

  /**
   * Finds out where the device has its values and whether it is the one that the profile is for.
   * @throws VenfleetError PROFILE_MISMATCH, SUNSPEC_…, or what `read` throws
   */
  async discover(profile: ModbusProfile, read: ReadRegisters): Promise<DeviceLayout> {
    if (profile.probe !== undefined) await requireProbe(profile, profile.probe, read);
    if (profile.sunspec === undefined) return this.#layout(profile.id, () => profile);
    const found = await discoverSunSpec((address, count) => readOrRefused(read, address, count));
    if (found === undefined) {
      throw mismatch(profile, 'it has no SunSpec marker at 40000, 0 or 50000');
    }
    return this.#layout(`${profile.id} ${keyOf(found)}`, () => placeSunSpec(profile, found));
  }

  #layout(key: string, placed: () => ModbusProfile): DeviceLayout {
    let layout = this.#known.get(key);
    if (layout === undefined) {
      layout = layoutOf(placed());
      this.#known.set(key, layout);
    }
    return layout;
  }
}

/** The blocks of a profile whose points are where the device has them. */
export function layoutOf(profile: ModbusProfile): DeviceLayout {
  const slowNames = new Set(namesToPoll(profile, 'slow'));
  const wanted = readingValuesOf(profile);
  const fast = wanted.filter((name) => !slowNames.has(name));
  const slow = wanted.filter((name) => slowNames.has(name));
  const identity = namesToPoll(profile, 'once').filter((name) => profile.points.get(name)?.quantity !== undefined);
  const blocks = (names: readonly string[]) => (names.length === 0 ? [] : planReads(profile, names));
  const control = dialectOf(profile)?.reads ?? [];
  return { profile, fast: blocks(fast), slow: blocks(slow), once: blocks(identity), control: blocks(control) };
}

async function requireProbe(profile: ModbusProfile, probe: Probe, read: ReadRegisters): Promise<void> {
  const data = await read({ table: probe.table, address: probe.address, count: probe.registers });
  const { ok, found } = checkProbe(probe, Buffer.from(data));
  if (!ok) throw mismatch(profile, `${probe.table} ${probe.address} says ${JSON.stringify(found) ?? 'nothing'}`);
}

/** SunSpec may stand in several places: a device that refuses one of them says only that it is not there. */
async function readOrRefused(read: ReadRegisters, address: number, count: number): Promise<Uint8Array | undefined> {
  try {
    return await read({ table: 'holding', address, count });
  } catch (error) {
    const exception = exceptionOf(error);
    if (exception !== undefined && exception <= ILLEGAL_ADDRESS) return undefined;
    throw error;
  }
}

/** The answers to some blocks, one asked for after the other. */
export async function readAll(blocks: readonly ReadBlock[], read: ReadRegisters): Promise<BlockReply[]> {
  const replies: BlockReply[] = [];
  for (const block of blocks) replies.push({ block, data: await read(block) });
  return replies;
}

function keyOf({ base, models, end }: SunSpecLayout): string {
  return `${base} ${models.map(({ id, address }) => `${id}@${address}`).join(' ')} ${end}`;
}

function mismatch(profile: ModbusProfile, why: string): VenfleetError {
  return new VenfleetError('PROFILE_MISMATCH', `this is no ${profile.vendor} ${profile.model}: ${why}`, {
    context: { profile: profile.id },
    hint: 'give the connection the profile of the device that is there, or correct its unit id',
  });
}

/** True for an error that says that the device is another one than was thought. */
export function isMisfit(error: unknown): boolean {
  const exception = exceptionOf(error);
  return (
    (exception !== undefined && exception <= ILLEGAL_ADDRESS) ||
    isVenfleetError(error, 'PROFILE_MISMATCH', 'SUNSPEC_CHAIN_BROKEN', 'SUNSPEC_MODEL_MISSING', 'REPLY_LENGTH')
  );
}
