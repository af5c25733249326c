import { randomBytes } from 'node:crypto';
import { type Clock, milliseconds } from '@venfleet/core';
import type { HttpTransport } from '@venfleet/openadr';
import { freePort, isFree } from '../ports.js';
import type { Processes } from '../processes.js';
import { failed, skipped } from '../steps.js';
import type { OpenleadrKind } from './kinds.js';
import type { Postgres } from './postgres.js';

export interface OpenleadrVtn {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts an openleadr-vtn on an empty database, with its first user. @param name of the database, another one each time */
export async function startOpenleadr(
  { processes, transport, clock }: { processes: Processes; transport: HttpTransport; clock: Clock },
  kind: OpenleadrKind,
  program: string,
  postgres: Postgres,
  name = `openleadr_${kind.version.replaceAll('.', '_')}`,
): Promise<OpenleadrVtn> {
  const port = kind.fixedPort ?? (await freePort());
  if (!(await isFree(port))) throw skipped(`openleadr-vtn ${kind.version} listens on port ${port} only, which is taken`);
  const database = await postgres.create(name);
  const child = processes.start(program, [], {
    env: {
      DATABASE_URL: database,
      OAUTH_BASE64_SECRET: randomBytes(48).toString('base64'),
      RUST_LOG: 'warn',
      ...kind.environment(port),
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    transport.request({ method: 'GET', url: `${url}/health`, headers: {} }).then(
      ({ status }) => status === 200,
      () => false,
    );
  for (let i = 0; !(await isUp()); i++) {
    if (i >= 300) throw failed(`openleadr-vtn ${kind.version} does not answer: ${child.lastWords()}`);
    await clock.sleep(milliseconds(100));
  }
  // It makes its tables before it answers.
  await postgres.sql(database, kind.firstUser.sql);
  return { url, stop: () => child.stop() };
}
