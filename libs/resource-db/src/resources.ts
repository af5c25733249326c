import { type Duration, type HasNow, type Instant, VenfleetError, wattHours, watts } from '@venfleet/core';
import { type Database, isForeignKeyViolation, isUniqueViolation } from '@venfleet/sqlite';
import { refuseMistakes, resourceMistakes } from './mistakes.js';
import type { NewResource, Resource, ResourceType } from './model.js';

interface ResourceRow {
  readonly id: number;
  readonly resource_id: string;
  readonly name: string;
  readonly type: ResourceType;
  readonly sub_type: string;
  readonly meter_point_id: string;
  readonly p_min_kw: number;
  readonly p_max_kw: number;
  readonly e_min_kwh: number;
  readonly e_max_kwh: number;
  readonly longitude: number;
  readonly latitude: number;
  readonly address: string;
  readonly ven: string;
  readonly enabled: 0 | 1;
  readonly read_interval_ms: number;
  readonly reported: 0 | 1;
  readonly reader_connection_id: number | null;
  readonly writer_connection_id: number | null;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
}

/** The columns that a caller sets, in the order of {@link toValues}. */
const COLUMNS = [
  'resource_id',
  'name',
  'type',
  'sub_type',
  'meter_point_id',
  'p_min_kw',
  'p_max_kw',
  'e_min_kwh',
  'e_max_kwh',
  'longitude',
  'latitude',
  'address',
  'ven',
  'enabled',
  'read_interval_ms',
  'reported',
  'reader_connection_id',
  'writer_connection_id',
] as const satisfies readonly (keyof ResourceRow)[];

/** Which resources: all conditions given must hold. */
export interface ResourceFilter {
  readonly resourceId?: string | undefined;
  readonly ven?: string | undefined;
  readonly type?: ResourceType | undefined;
  readonly subType?: string | undefined;
  readonly meterPointId?: string | undefined;
  readonly enabled?: boolean | undefined;
}

const FILTER_COLUMNS: Record<keyof ResourceFilter, string> = {
  resourceId: 'resource_id',
  ven: 'ven',
  type: 'type',
  subType: 'sub_type',
  meterPointId: 'meter_point_id',
  enabled: 'enabled',
};

export interface Page {
  /** At most so many; all of them when not given. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** Counts of a bulk upsert. */
export interface UpsertCounts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

/**
 * A quantity in thousands of its base unit, kept to a thousandth of the base unit (mW, mWh): exactly
 * reversible, so that what is read back compares equal to what was written.
 */
const toKilo = (base: number): number => Math.round(base * 1000) / 1e6;
const fromKilo = (kilo: number): number => Math.round(kilo * 1e6) / 1000;

function toValues(r: NewResource): (string | number | null)[] {
  return [
    r.resourceId,
    r.name,
    r.type,
    r.subType,
    r.meterPointId,
    toKilo(r.pMin),
    toKilo(r.pMax),
    toKilo(r.eMin),
    toKilo(r.eMax),
    r.position.longitude,
    r.position.latitude,
    r.address,
    r.ven,
    r.enabled ? 1 : 0,
    r.readInterval,
    r.reported ? 1 : 0,
    r.readerConnectionId,
    r.writerConnectionId,
  ];
}

function toResource(row: ResourceRow): Resource {
  return {
    id: row.id,
    resourceId: row.resource_id,
    name: row.name,
    type: row.type,
    subType: row.sub_type,
    meterPointId: row.meter_point_id,
    pMin: watts(fromKilo(row.p_min_kw)),
    pMax: watts(fromKilo(row.p_max_kw)),
    eMin: wattHours(fromKilo(row.e_min_kwh)),
    eMax: wattHours(fromKilo(row.e_max_kwh)),
    position: { longitude: row.longitude, latitude: row.latitude },
    address: row.address,
    ven: row.ven,
    enabled: row.enabled === 1,
    readInterval: row.read_interval_ms as Duration,
    reported: row.reported === 1,
    readerConnectionId: row.reader_connection_id,
    writerConnectionId: row.writer_connection_id,
    createdAt: row.created_at_ms as Instant,
    updatedAt: row.updated_at_ms as Instant,
  };
}

/** Whether both describe a resource with the same values. */
export function sameResource(a: NewResource, b: NewResource): boolean {
  const other = toValues(b);
  return toValues(a).every((value, i) => value === other[i]);
}

/** The table `resources`. Lists are in the order of their row ids, so that pages are stable. */
export class ResourceRepository {
  readonly #db: Database;
  readonly #clock: HasNow;
  readonly #statements;

  constructor(db: Database, clock: HasNow) {
    this.#db = db;
    this.#clock = clock;
    const assignments = COLUMNS.map((column) => `${column} = ?`).join(', ');
    this.#statements = {
      // BINARY collation compares UTF-8 bytes: the same order on every machine.
      vens: db.prepare<{ name: string; resources: number }>(
        'SELECT ven AS name, count(*) AS resources FROM resources GROUP BY ven ORDER BY resources DESC, name',
      ),
      byVen: db.prepare<ResourceRow>('SELECT * FROM resources WHERE ven = ? ORDER BY id'),
      get: db.prepare<ResourceRow>('SELECT * FROM resources WHERE resource_id = ?'),
      insert: db.prepare(
        `INSERT INTO resources (${COLUMNS.join(', ')}, created_at_ms, updated_at_ms)
         VALUES (${COLUMNS.map(() => '?').join(', ')}, ?, ?)`,
      ),
      update: db.prepare(`UPDATE resources SET ${assignments}, updated_at_ms = ? WHERE resource_id = ?`),
      vacateMeterPoint: db.prepare("UPDATE resources SET meter_point_id = printf('%018d', id) WHERE resource_id = ?"),
      delete: db.prepare('DELETE FROM resources WHERE resource_id = ?'),
    };
  }

  /** The VENs with their numbers of resources, disabled ones too: biggest first, equal ones by name. */
  vens(): { name: string; resources: number }[] {
    return this.#statements.vens.all();
  }

  /** All resources of a VEN, disabled ones too. */
  byVen(name: string): Resource[] {
    return this.#statements.byVen.all([name]).map(toResource);
  }

  get(resourceId: string): Resource | undefined {
    const row = this.#statements.get.get([resourceId]);
    return row && toResource(row);
  }

  list(filter: ResourceFilter = {}, page: Page = {}): Resource[] {
    const { where, values } = conditions(filter);
    const sql = `SELECT * FROM resources${where} ORDER BY id LIMIT ? OFFSET ?`;
    return this.#db
      .prepare<ResourceRow>(sql)
      .all([...values, page.limit ?? -1, page.offset ?? 0])
      .map(toResource);
  }

  count(filter: ResourceFilter = {}): number {
    const { where, values } = conditions(filter);
    return this.#db.prepare<{ n: number }>(`SELECT count(*) AS n FROM resources${where}`).get(values)?.n ?? 0;
  }

  /**
   * @returns the new row's id.
   * @throws VenfleetError RESOURCE_INVALID with every mistake, RESOURCE_EXISTS, CONNECTION_UNKNOWN
   */
  insert(resource: NewResource): number {
    refuseMistakes('RESOURCE_INVALID', `resource ${resource.name}`, resourceMistakes(resource));
    const now = this.#clock.now();
    return explained(resource, () => this.#statements.insert.run([...toValues(resource), now, now]).lastInsertRowid);
  }

  /**
   * Changes the given values of a resource; `updatedAt` moves when one of them really differs.
   * @returns whether anything changed.
   * @throws VenfleetError RESOURCE_UNKNOWN, RESOURCE_INVALID, RESOURCE_EXISTS, CONNECTION_UNKNOWN
   */
  update(resourceId: string, changes: Partial<NewResource>): boolean {
    const old = this.get(resourceId);
    if (old === undefined) {
      throw new VenfleetError('RESOURCE_UNKNOWN', `there is no resource ${resourceId}`, { context: { resourceId } });
    }
    const resource = { ...old, ...changes };
    if (sameResource(old, resource)) return false;
    refuseMistakes('RESOURCE_INVALID', `the change of resource ${old.name}`, resourceMistakes(resource));
    explained(resource, () => this.#statements.update.run([...toValues(resource), this.#clock.now(), resourceId]));
    return true;
  }

  /** Inserts or updates all of them by resource id, in one transaction. @throws as insert and update; then nothing is changed. */
  upsertMany(resources: readonly NewResource[]): UpsertCounts {
    return this.#db.transaction(() => {
      const counts = { created: 0, updated: 0, unchanged: 0 };
      for (const resource of resources) {
        if (this.get(resource.resourceId) === undefined) {
          this.insert(resource);
          counts.created++;
        } else if (this.update(resource.resourceId, resource)) counts.updated++;
        else counts.unchanged++;
      }
      return counts;
    });
  }

  /** @returns false when there is none with that id. Its connections stay. */
  delete(resourceId: string): boolean {
    return this.#statements.delete.run([resourceId]).changes > 0;
  }

  /**
   * Frees a resource's meter point for another one, within a transaction that goes on to give it a new
   * one: two resources whose meter points were mixed up can change them.
   */
  vacateMeterPoint(resourceId: string): void {
    this.#statements.vacateMeterPoint.run([resourceId]);
  }
}

function conditions(filter: ResourceFilter): { where: string; values: (string | number)[] } {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  const terms = given.map(([key]) => `${FILTER_COLUMNS[key as keyof ResourceFilter]} = ?`);
  return {
    where: terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`,
    values: given.map(([, value]) => (typeof value === 'boolean' ? Number(value) : (value as string))),
  };
}

/** Says in the reader's terms which rule of the table a write broke. */
function explained<T>(resource: NewResource, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const context = { resourceId: resource.resourceId, meterPointId: resource.meterPointId };
    if (isUniqueViolation(cause)) {
      throw new VenfleetError('RESOURCE_EXISTS', `another resource has the id or the meter point of ${resource.name}`, {
        cause,
        context,
      });
    }
    if (isForeignKeyViolation(cause)) {
      throw new VenfleetError('CONNECTION_UNKNOWN', `resource ${resource.name} refers to a connection that is not there`, {
        cause,
        context,
      });
    }
    throw cause;
  }
}
