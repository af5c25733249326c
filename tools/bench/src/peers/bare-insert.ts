import SqliteConstructor, { type Database } from 'better-sqlite3';

type Values = readonly unknown[];

/** What a resource database holds, ready to be written again by hand. */
export interface DatabaseContent {
  /** CREATE statements in their order. */
  readonly schema: readonly string[];
  /** Rows of each table, all columns in the order of the table. */
  readonly connections: readonly Values[];
  readonly resources: readonly Values[];
  /** The connections of each resource, by its place in `resources`. */
  readonly connectionsOf: readonly (readonly Values[])[];
}

/** Reads a whole resource database into memory. */
export function readDatabase(path: string): DatabaseContent {
  const db = new SqliteConstructor(path, { readonly: true });
  try {
    const rows = (sql: string) => db.prepare<[], Values>(sql).raw().all() as Values[];
    const connections = rows('SELECT * FROM connections ORDER BY id');
    const byId = new Map(connections.map((row) => [row[0], row]));
    const links = rows('SELECT reader_connection_id, writer_connection_id FROM resources ORDER BY id');
    return {
      schema: rows('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid').map(([sql]) => String(sql)),
      connections,
      resources: rows('SELECT * FROM resources ORDER BY id'),
      // A device that is both meter and controller may be one connection.
      connectionsOf: links.map((ids) => [...new Set(ids)].map((id) => byId.get(id)).filter((row) => row !== undefined)),
    };
  } finally {
    db.close();
  }
}

/** The fastest that better-sqlite3 can do: everything by prepared statements in one transaction, opened as libs/sqlite does. */
export function insertAll(path: string, { schema, connections, resources }: DatabaseContent): void {
  const db = new SqliteConstructor(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.transaction(() => {
    for (const sql of schema) db.exec(sql);
    insert(db, 'connections', connections);
    insert(db, 'resources', resources);
  })();
  db.close();
}

/** A database with the schema alone, with SQLite's own settings. */
export function makeEmpty(path: string, { schema }: DatabaseContent): void {
  const db = new SqliteConstructor(path);
  for (const sql of schema) db.exec(sql);
  db.close();
}

/**
 * What a plain program does: for each row open, insert, commit, close. SQLite's own settings: here they
 * are faster than WAL, which is cleared away with each close.
 * @param index of a resource; its connections go in before it, as it refers to them
 * @returns how many rows that were
 */
export function insertOneByOne(path: string, { resources, connectionsOf }: DatabaseContent, index: number): number {
  const insertOne = (table: string, rows: readonly Values[]) => {
    const db = new SqliteConstructor(path);
    insert(db, table, rows);
    db.close();
  };
  const connections = connectionsOf[index] ?? [];
  for (const row of connections) insertOne('connections', [row]);
  insertOne('resources', resources.slice(index, index + 1));
  return connections.length + 1;
}

function insert(db: Database, table: string, rows: readonly Values[]): void {
  const statement = db.prepare<unknown[]>(`INSERT INTO ${table} VALUES (${(rows[0] ?? []).map(() => '?').join(', ')})`);
  for (const row of rows) statement.run(...row);
}
