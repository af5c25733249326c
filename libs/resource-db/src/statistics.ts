import type { Database } from '@venfleet/sqlite';
import { type Actor, CONNECTION_TYPES, type ConnectionType, RESOURCE_TYPES, type ResourceType } from './model.js';

export interface Statistics {
  readonly resources: number;
  readonly enabled: number;
  readonly vens: number;
  readonly byType: Readonly<Record<ResourceType, number>>;
  /** Biggest first. */
  readonly bySubType: Readonly<Record<string, number>>;
  /** Biggest first, equal ones by name. */
  readonly byVen: readonly { readonly ven: string; readonly resources: number }[];
  /** How many resources are read (`reader`) and controlled (`writer`) over each kind of connection. */
  readonly byConnection: { readonly reader: ConnectionCounts; readonly writer: ConnectionCounts };
  /** Distinct Modbus TCP host and port pairs. */
  readonly modbusGateways: number;
  /** Sums over all resources. */
  readonly capacity: {
    readonly pMinKw: number;
    readonly pMaxKw: number;
    readonly eMinKwh: number;
    readonly eMaxKwh: number;
  };
}

export type ConnectionCounts = Readonly<Record<ConnectionType, number>>;

interface Totals {
  readonly resources: number;
  readonly enabled: number;
  readonly pMinKw: number;
  readonly pMaxKw: number;
  readonly eMinKwh: number;
  readonly eMaxKwh: number;
}

/** Sums are rounded to mW and mWh, which is what the table holds. */
const TOTALS = `SELECT count(*) AS resources, coalesce(sum(enabled), 0) AS enabled,
  coalesce(round(sum(p_min_kw), 6), 0) AS pMinKw, coalesce(round(sum(p_max_kw), 6), 0) AS pMaxKw,
  coalesce(round(sum(e_min_kwh), 6), 0) AS eMinKwh, coalesce(round(sum(e_max_kwh), 6), 0) AS eMaxKwh FROM resources`;

/** Counts and sums over the whole database. */
export function readStatistics(db: Database): Statistics {
  const { resources, enabled, ...capacity } = db.prepare<Totals>(TOTALS).get() as Totals;
  const byVen = db
    .prepare<{ ven: string; resources: number }>(
      'SELECT ven, count(*) AS resources FROM resources GROUP BY ven ORDER BY resources DESC, ven',
    )
    .all();
  return {
    resources,
    enabled,
    vens: byVen.length,
    byType: counted(db, RESOURCE_TYPES, 'SELECT type AS key, count(*) AS n FROM resources GROUP BY type'),
    bySubType: counted(db, [], 'SELECT sub_type AS key, count(*) AS n FROM resources GROUP BY sub_type ORDER BY n DESC, key'),
    byVen,
    byConnection: { reader: countedByConnection(db, 'READER'), writer: countedByConnection(db, 'WRITER') },
    modbusGateways:
      db
        .prepare<{ n: number }>(
          "SELECT count(*) AS n FROM (SELECT DISTINCT host, port FROM connections WHERE type = 'MODBUSTCP')",
        )
        .get()?.n ?? 0,
    capacity,
  };
}

function countedByConnection(db: Database, actor: Actor): ConnectionCounts {
  const column = actor === 'READER' ? 'reader_connection_id' : 'writer_connection_id';
  return counted(
    db,
    CONNECTION_TYPES,
    `SELECT c.type AS key, count(*) AS n FROM resources r JOIN connections c ON c.id = r.${column} GROUP BY c.type`,
  );
}

/** Counts by key; each of `keys` is there even when its count is 0. */
function counted<K extends string>(db: Database, keys: readonly K[], sql: string): Record<K, number> {
  const counts = Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
  for (const { key, n } of db.prepare<{ key: K; n: number }>(sql).all()) counts[key] = n;
  return counts;
}
