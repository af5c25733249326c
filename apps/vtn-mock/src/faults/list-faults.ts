import { type Random, uniformInt } from '@venfleet/core';
import type { Collection, ListCall } from '../http/collection.js';
import type { JsonText } from '../http/json.js';
import type { FaultRegistry } from './registry.js';
import { FAULT_OBJECTS } from './spec.js';

/** Pages that a fault keeps while lists are stale, over all clients. */
const MOST_PAGES = 10_000;

/** A collection whose lists are out of order or out of date while there are such faults. */
export function withListFaults(collection: Collection, faults: FaultRegistry): Collection {
  const objects = FAULT_OBJECTS.find((name) => collection.path.endsWith(`/${name}`));
  const listed = (call: ListCall<unknown>): JsonText[] => {
    const [reorder] = faults.hitting('reorder', { objects, client: call.caller.clientId });
    if (reorder === undefined) return collection.list(call);
    const { skip, limit } = call.page;
    const all = collection.list({ ...call, page: { skip: 0, limit: Number.MAX_SAFE_INTEGER } });
    return shuffled(faults.randomOf(reorder), all).slice(skip, skip + limit);
  };
  return {
    ...collection,
    list(call) {
      const [stale] = faults.hitting('stale-list', { objects, client: call.caller.clientId });
      if (stale === undefined) return listed(call);
      const key = JSON.stringify([collection.path, collection.readScope, call.caller.clientId, call.params, call.query]);
      const page = stale.memory.get(key) ?? listed(call);
      if (stale.memory.size < MOST_PAGES) stale.memory.set(key, page);
      return [...page];
    },
  };
}

/** Fisher and Yates. */
function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [mixed[i], mixed[j]] = [mixed[j] as T, mixed[i] as T];
  }
  return mixed;
}
