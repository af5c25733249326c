import { type Shard, shardOf, VenfleetError } from '@venfleet/core';

/** Which part of the fleet a simulator carries; all conditions given must hold. */
export interface Selection {
  /** One VEN by name. */
  readonly ven?: string | undefined;
  /** The N biggest VENs, as `ven-agent register --limit N` takes them. */
  readonly limit?: number | undefined;
  /** The i-th of n parts, i from 1: whole VENs and whole gateways, no resource twice, none missing. */
  readonly shard?: Shard | undefined;
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
 * The part of `items` that a shard carries: that of the agents' shard of the same number, as {@link shardOf} says by VEN.
 * Items that share one of their gateways, even by way of others, stay together; where they are of several VENs, the first
 * of these by name decides.
 * @param gatewaysOf the Modbus gateways that an item has devices on
 */
export function selectShard<T extends { readonly ven: string }>(
  items: readonly T[],
  gatewaysOf: (item: T) => readonly string[],
  shard: Shard,
): T[] {
  const chosen = new Set<T>();
  const shards = new Map<string, number>();
  for (const group of groupByGateway(items, gatewaysOf)) {
    const [ven = ''] = group.map((item) => item.ven).sort();
    const index = shards.get(ven) ?? shardOf(ven, shard.count);
    shards.set(ven, index);
    if (index === shard.index) for (const item of group) chosen.add(item);
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
