import { join } from 'node:path';
import type { Clock } from '@venfleet/core';
import { ensureDevelopmentCredentials, loadCredentials, type Role } from '@venfleet/openadr';
import { type Processes, ROOT } from './processes.js';
import { pythonWith } from './python.js';
import { failed, isSkipped, Steps } from './steps.js';

const PACKAGE = { name: 'openadr3-client', version: '2.4.2', python: [3, 12] } as const;
const SCRIPT = join(ROOT, 'tools/interop/python/openadr3_client_crud.py');
const KINDS = ['program', 'event', 'ven', 'resource', 'report', 'subscription'];

export interface ForeignClientOptions {
  readonly processes: Processes;
  readonly cache: string;
  /** A new folder for everything else. */
  readonly folder: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/** Has ElaadNL's openadr3-client create, read, update and delete an object of every kind at our mock VTN. */
export async function runOpenadr3Client(options: ForeignClientOptions): Promise<void> {
  const { processes, cache, folder, clock, say } = options;
  try {
    const python = await pythonWith(processes, cache, PACKAGE);
    const credentials = join(folder, 'credentials.json');
    ensureDevelopmentCredentials(credentials, ['foreign']);
    const args = ['serve', '--port', '0', '--clients', credentials, '--json'];
    const { child, facts } = await processes.startVenfleet<{ urls: Record<string, string> }>('vtn-mock', args);
    try {
      for (const [version, url] of Object.entries(facts.urls)) {
        say(`${PACKAGE.name} ${PACKAGE.version}, OpenADR ${version}`);
        await new Steps(clock, say).step(KINDS.join(', '), async () => {
          const said = await processes.run(python, [SCRIPT, version, url], { env: clients(credentials) });
          const done = said.split('\n').filter((line) => line.endsWith(': created, read, listed, updated, deleted'));
          if (done.length !== KINDS.length) throw failed(`only ${done.length} of ${KINDS.length} are told of`);
          return 'each created, read, listed, updated, deleted';
        });
      }
    } finally {
      await child.stop();
    }
  } catch (error) {
    if (!isSkipped(error)) throw error;
    say(`skipped: ${PACKAGE.name}: ${error.message}`);
  }
}

function clients(path: string): NodeJS.ProcessEnv {
  const { clients: all } = loadCredentials(path);
  const of = (wanted: Role) => {
    const client = all.find(({ role }) => role === wanted);
    return { [`${wanted}_ID`]: client?.clientId, [`${wanted}_SECRET`]: client?.clientSecret };
  };
  return { ...of('BL'), ...of('VEN') };
}
