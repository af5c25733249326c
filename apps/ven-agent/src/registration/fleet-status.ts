import { systemClock, VenfleetError } from '@venfleet/core';
import { openResourceDb } from '@venfleet/resource-db';
import { type Failure, type RegisteredVen, Registry } from './registry.js';

export interface FleetStatus {
  /** What the resource database holds, to compare with. */
  readonly database: { readonly path: string; readonly vens: number; readonly resources: number };
  readonly vtns: readonly {
    readonly url: string;
    readonly version: string;
    readonly lastRunAt: string;
    readonly vens: number;
    readonly resources: number;
    readonly registered: readonly RegisteredVen[];
    /** VENs of the database that are not registered there. */
    readonly missing: readonly string[];
    readonly failures: readonly Failure[];
  }[];
}

/**
 * What the agent remembers of its registrations beside what its database holds; asks no VTN.
 * @param only the one VEN to look at
 * @throws VenfleetError DB_MISSING and the other DB_ errors; VEN_UNKNOWN
 */
export function fleetStatus(paths: { readonly db: string; readonly state: string }, only?: string): FleetStatus {
  const db = openResourceDb(paths.db, 'readonly');
  try {
    const known = db.resources.vens().filter(({ name }) => only === undefined || name === only);
    const registry = Registry.openReadonly(paths.state, systemClock);
    try {
      const vtns = registry.status().map((vtn) => {
        const registered = vtn.vens.filter(({ name }) => only === undefined || name === only);
        const names = new Set(registered.map(({ name }) => name));
        return {
          url: vtn.url,
          version: vtn.version,
          lastRunAt: vtn.lastRunAt,
          vens: registered.length,
          resources: registered.reduce((sum, ven) => sum + ven.resources, 0),
          registered,
          missing: known.filter(({ name }) => !names.has(name)).map(({ name }) => name),
          failures: vtn.failures.filter(({ ven }) => only === undefined || ven === only),
        };
      });
      if (only !== undefined && known.length === 0 && vtns.every(({ vens }) => vens === 0)) {
        throw new VenfleetError('VEN_UNKNOWN', `neither the resource database nor the agent's state knows a VEN named ${only}`);
      }
      return {
        database: { path: paths.db, vens: known.length, resources: known.reduce((sum, ven) => sum + ven.resources, 0) },
        vtns,
      };
    } finally {
      registry.close();
    }
  } finally {
    db.close();
  }
}
