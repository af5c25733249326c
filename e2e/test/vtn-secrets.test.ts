import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { programs, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
const CLIENTS = [
  { clientId: 'bl', clientSecret: 'bl-secret', role: 'BL' },
  { clientId: 'ven-a', clientSecret: 'a-secret', role: 'VEN', venName: 'A' },
];

describe('secrets of a running VTN', () => {
  it('are not on the command line, in the output or in the log of a VTN of its own process', async () => {
    const credentials = join(folder, 'credentials.json');
    writeFileSync(credentials, JSON.stringify({ version: 1, clients: CLIENTS }), { mode: 0o600 });
    const options = ['--port', '0', '--clients', credentials, '--log-level', 'debug', '--no-mqtt', '--json'];
    const child = spawn(process.execPath, [programs['vtn-mock'], 'serve', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    try {
      const origin = await new Promise<string>((resolve, reject) => {
        for (const stream of [child.stdout, child.stderr]) {
          stream.on('data', (chunk) => {
            output += chunk;
            const line = /^\{"origin".*\}$/m.exec(output)?.[0];
            if (line !== undefined) resolve(JSON.parse(line).origin);
          });
        }
        child.on('exit', () => reject(new Error(`it ended: ${output}`)));
      });
      const secrets = CLIENTS.map(({ clientSecret }) => clientSecret);
      for (const { clientId, clientSecret } of CLIENTS) {
        const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
        const answer = await fetch(`${origin}/auth/token`, { method: 'POST', body: form });
        const { access_token: token } = (await answer.json()) as { access_token: string };
        secrets.push(token);
        const headers = { authorization: `Bearer ${token}` };
        expect((await fetch(`${origin}/openadr3/3.1.0/vens?x=${token}`, { headers })).status).toBe(200);
      }
      // What a list of processes shows, where the system keeps it in files.
      const shown = ['cmdline', 'environ'].map((name) => `/proc/${child.pid}/${name}`).filter((path) => existsSync(path));
      const listed = shown.map((path) => readFileSync(path, 'utf8')).join('\n');
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('close', resolve));
      expect(output).toContain('/openadr3/3.1.0/vens');
      for (const secret of secrets) {
        for (const text of [listed, output]) expect([secret, text.includes(secret)]).toEqual([secret, false]);
      }
    } finally {
      child.kill('SIGKILL');
    }
  });
});
