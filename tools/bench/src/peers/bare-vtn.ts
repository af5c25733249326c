/**
 * The fastest VTN that Fastify, ajv and SQLite allow: takes resources without asking for a token, checks
 * them against the same schema and commits those of one turn of the event loop together. A process of its own:
 * `node bare-vtn.js VERSION DATABASE` prints its URL as JSON.
 */
import { randomUUID } from 'node:crypto';
import { wire301, wire310 } from '@venfleet/openadr';
import { Ajv2020 } from 'ajv/dist/2020.js';
import SqliteConstructor from 'better-sqlite3';
import fastify from 'fastify';

type Resource = { resourceName: string; venID?: string };

const KINDS = {
  '3.0.1': { path: '/openadr3/3.0.1/vens/:venID/resources', schema: wire301.ResourceRequest },
  '3.1.0': { path: '/openadr3/3.1.0/resources', schema: wire310.ResourceRequest },
} as const;

const [version = '', path = ''] = process.argv.slice(2);
const kind = KINDS[version as keyof typeof KINDS];

const db = new SqliteConstructor(path);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = NORMAL');
db.exec(`CREATE TABLE resources (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, ven TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
  created INTEGER NOT NULL, UNIQUE (ven, name)) STRICT`);
const begin = db.prepare('BEGIN');
const commit = db.prepare('COMMIT');
const insert = db.prepare('INSERT INTO resources (id, ven, name, body, created) VALUES (?, ?, ?, ?, ?)');

let waiting: (() => void)[] = [];

/** Settles when the row is committed. */
function store(...row: [id: string, ven: string, name: string, body: string, created: number]): Promise<void> {
  if (waiting.length === 0) {
    begin.run();
    setImmediate(() => {
      commit.run();
      const done = waiting;
      waiting = [];
      for (const answer of done) answer();
    });
  }
  insert.run(...row);
  return new Promise((resolve) => waiting.push(resolve));
}

const ajv = new Ajv2020({ strict: false, discriminator: true, validateFormats: false });
const app = fastify();
app.setValidatorCompiler<object>(({ schema }) => ajv.compile(schema));
app.post<{ Body: Resource; Params: { venID?: string } }>(kind.path, { schema: { body: kind.schema } }, async (request, reply) => {
  const venID = request.params.venID ?? request.body.venID ?? '';
  const now = new Date();
  const time = now.toISOString();
  const stamp = { id: randomUUID(), createdDateTime: time, modificationDateTime: time };
  await store(stamp.id, venID, request.body.resourceName, JSON.stringify(request.body), now.getTime());
  reply.code(201);
  return { ...stamp, venID, ...request.body, objectType: 'RESOURCE' };
});
process.stdout.write(`${JSON.stringify({ url: await app.listen({ host: '127.0.0.1', port: 0 }) })}\n`);
