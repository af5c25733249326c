import { VenfleetError } from '@venfleet/core';
import { inputsOf } from '../derived.js';
import { byTable } from '../profile/order.js';
import type { ModbusPoint, ModbusProfile, ModbusTable } from '../profile/types.js';

/** One request: `count` registers (bits of a coil or discrete table) from `address`, and whose values are in it. */
export interface ReadBlock {
  readonly table: ModbusTable;
  readonly address: number;
  readonly count: number;
  readonly points: readonly ModbusPoint[];
}

/** The most bits of one request, Modbus Application Protocol 1.1b3 §6.1. */
const MAX_BITS = 2000;

/** The function code that reads a table. */
export const READ_FUNCTION: Readonly<Record<ModbusTable, 1 | 2 | 3 | 4>> = { coil: 1, discrete: 2, holding: 3, input: 4 };

/**
 * The fewest requests that the profile's `maxRegisters` and `maxGap` allow, in the order of table and
 * address. No value is split between two of them.
 * @param names points or derived values, all points unless given; what they need (scale factors, inputs) is read too.
 * @throws VenfleetError POINT_UNKNOWN
 */
export function planReads(profile: ModbusProfile, names: Iterable<string> = profile.points.keys()): ReadBlock[] {
  const points = [...neededPoints(profile, names)].sort(
    (a, b) => byTable(a, b) || a.address - b.address || a.registers - b.registers,
  );
  const blocks: { table: ModbusTable; address: number; count: number; points: ModbusPoint[] }[] = [];
  for (const point of points) {
    const end = point.address + point.registers;
    const block = blocks.at(-1);
    const isBit = point.table === 'coil' || point.table === 'discrete';
    if (
      block?.table === point.table &&
      point.address - (block.address + block.count) <= profile.transport.maxGap &&
      end - block.address <= (isBit ? MAX_BITS : profile.transport.maxRegisters)
    ) {
      block.count = Math.max(block.count, end - block.address);
      block.points.push(point);
    } else {
      blocks.push({ table: point.table, address: point.address, count: point.registers, points: [point] });
    }
  }
  return blocks;
}

/** The names of the points that are read `fast`, `slow` or `once`. */
export function namesToPoll(profile: ModbusProfile, poll: ModbusPoint['poll']): string[] {
  return [...profile.points.values()].filter((p) => p.poll === poll).map((p) => p.name);
}

function neededPoints(profile: ModbusProfile, names: Iterable<string>): Set<ModbusPoint> {
  const needed = new Set<ModbusPoint>();
  const add = (name: string): void => {
    const point = profile.points.get(name);
    const formula = profile.derived.find((d) => d.name === name);
    if (point !== undefined) {
      needed.add(point);
      if (point.scaleRef !== undefined) add(point.scaleRef);
    } else if (formula !== undefined) {
      for (const input of inputsOf(formula)) add(input);
    } else {
      throw new VenfleetError('POINT_UNKNOWN', `the profile ${profile.id} has no point "${name}"`, {
        context: { profile: profile.id, point: name },
        hint: `it has ${[...profile.points.keys()].join(', ')}`,
      });
    }
  };
  for (const name of names) add(name);
  return needed;
}
