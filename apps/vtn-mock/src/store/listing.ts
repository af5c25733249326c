import type { Database, Statement } from '@venfleet/sqlite';

/** One condition of a list's WHERE, with the values of its `?`s. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export interface Page {
  readonly skip: number;
  readonly limit: number;
}

/** Column `column` equals `value`; `column` is ours, never a client's. */
export function equals(column: string, value: string | number): Condition {
  return { sql: `${column} = ?`, values: [value] };
}

/** One of the object's targets, in 3.1 spelling, is among `targets`. */
export function anyTarget(table: string, targets: readonly string[]): Condition {
  return {
    sql: `${table}.targets IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(${table}.targets) t
      WHERE t.value IN (SELECT value FROM json_each(?)))`,
    values: [JSON.stringify(targets)],
  };
}

/** As {@link anyTarget}, or the object has no targets at all. */
export function anyTargetOrNone(table: string, targets: readonly string[]): Condition {
  const { sql, values } = anyTarget(table, targets);
  return { sql: `(${table}.targets IS NULL OR ${table}.targets = '[]' OR ${sql})`, values };
}

/** One of the object's targets, in 3.0.1 spelling, is of that type and has one of the values. */
export function anyTypedTarget(table: string, type: string, targetValues: readonly string[]): Condition {
  return {
    sql: `${table}.targets301 IS NOT NULL AND EXISTS (
      SELECT 1 FROM json_each(${table}.targets301) entry, json_each(entry.value, '$.values') t
      WHERE entry.value ->> 'type' = ? AND CAST(t.value AS TEXT) IN (SELECT value FROM json_each(?)))`,
    values: [type, JSON.stringify(targetValues)],
  };
}

/** Pages of a table's rows in one order: prepares each combination of conditions once. */
export class Listing<Row> {
  readonly #db: Database;
  readonly #select: string;
  readonly #order: string;
  readonly #statements = new Map<string, Statement<Row>>();

  /**
   * @param select `SELECT … FROM …` without WHERE.
   * @param order as after ORDER BY; it must leave no ties.
   */
  constructor(db: Database, select: string, order: string) {
    this.#db = db;
    this.#select = select;
    this.#order = order;
  }

  page(conditions: readonly Condition[], { skip, limit }: Page): Row[] {
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.map((c) => c.sql).join(' AND ')}`;
    let statement = this.#statements.get(where);
    if (statement === undefined) {
      statement = this.#db.prepare<Row>(`${this.#select} ${where} ORDER BY ${this.#order} LIMIT ? OFFSET ?`);
      this.#statements.set(where, statement);
    }
    return statement.all([...conditions.flatMap((c) => c.values), limit, skip]);
  }
}
