import { VenfleetError } from '@venfleet/core';

/** Which part of the fleet a simulator carries; all conditions given must hold. */
export interface Selection {
  /** One VEN by name. */
  readonly ven?: string | undefined;
  /** The N biggest VENs, as `ven-agent register --limit N` takes them. */
  readonly limit?: number | undefined;
  /** The i-th of n parts, i from 1: whole gateways, no resource twice, none missing. */
  readonly shard?: Shard | undefined;
}

export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * The names of the selected VENs.
 * @param vens biggest first
 * @throws VenfleetError VEN_UNKNOWN
 */
export function selectVens(vens: readonly { readonly name: string }[], { ven, limit }: Selection): Set<string> {
  const names = vens.map(({ name }) => name).slice(0, limit);
  if (ven === undefined) return new Set(names);
  if (names.includes(ven)) return new Set([ven]);
  throw new VenfleetError(
    'VEN_UNKNOWN',
    `there is no VEN named ${ven}${limit === undefined ? '' : ` among the ${limit} biggest`}`,
    {
      context: { ven },
      hint: 'npx nx run resource-db:stats lists the names; upper and lower case matter',
    },
  );
}

/**
 * The part of `items` that a shard carries. Items that share one of their gateways, even by way of
 * others, stay together; such groups are dealt out from the biggest on, each to the shard that has the
 * least, so that every machine with the same fleet comes to the same parts.
 * @param gatewaysOf the Modbus gateways that an item has devices on
 */
export function selectShard<T>(items: readonly T[], gatewaysOf: (item: T) => readonly string[], shard: Shard): T[] {
  const loads = new Array<number>(shard.count).fill(0);
  const chosen = new Set<T>();
  const groups = groupByGateway(items, gatewaysOf).sort((a, b) => b.length - a.length);
  for (const group of groups) {
    const lightest = loads.indexOf(Math.min(...loads));
    loads[lightest] = (loads[lightest] as number) + group.length;
    if (lightest === shard.index - 1) for (const item of group) chosen.add(item);
  }
  return items.filter((item) => chosen.has(item));
}

function groupByGateway<T>(items: readonly T[], gatewaysOf: (item: T) => readonly string[]): T[][] {
  const parent = new Map<string, string>();
  const rootOf = (gateway: string): string => {
    let root = gateway;
    for (let next = parent.get(root); next !== undefined; next = parent.get(root)) root = next;
    return root;
  };
  for (const item of items) {
    const [first, ...others] = gatewaysOf(item);
    for (const other of others) {
      const [a, b] = [rootOf(first as string), rootOf(other)];
      if (a !== b) parent.set(b, a);
    }
  }
  const groups = new Map<string | T, T[]>();
  for (const item of items) {
    const gateway = gatewaysOf(item)[0];
    const key = gateway === undefined ? item : rootOf(gateway);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
