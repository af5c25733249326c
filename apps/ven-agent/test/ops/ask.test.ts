import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { buildProgram } from '../../src/cli.js';
import { agentUrl } from '../../src/ops/ask.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-ask-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** Settings with everything that needs a secret or a file, none of which is there. */
function settings(ops: object): string {
  const path = join(folder, `${++files}.yaml`);
  const vtn = { url: 'https://vtn.example.org', client: { id: 'pi', secret: 'env:NOWHERE' }, caFile: '/nowhere.pem' };
  const alerts = { webhook: { url: 'https://hooks.example.org', token: 'file:/nowhere' } };
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ version: 1, vtn, alerts, database: '/nowhere/resources.db', ops }));
  return path;
}

const urlOf = (ops: object) => agentUrl({ config: settings(ops) }, {});

describe('a running agent is asked', () => {
  test.each([
    [{}, 'http://127.0.0.1:9464'],
    [{ port: 9000 }, 'http://127.0.0.1:9000'],
    [{ port: 80 }, 'http://127.0.0.1:80'],
    [{ host: 'pi.example.org' }, 'http://pi.example.org:9464'],
    [{ host: '192.0.2.7', port: 9000 }, 'http://192.0.2.7:9000'],
    [{ host: '2001:db8::7' }, 'http://[2001:db8::7]:9464'],
    [{ console: { token: 'env:NOWHERE' } }, 'http://127.0.0.1:9464'],
  ])('where its settings put it, without their secrets: %j', (ops, url) => {
    expect(urlOf(ops)).toBe(url);
  });

  test.each([
    ['0.0.0.0', 'http://127.0.0.1:9000'],
    ['::', 'http://[::1]:9000'],
    ['0:0:0:0:0:0:0:0', 'http://[::1]:9000'],
  ])('at the loopback address where it listens on any, %s', (host, url) => {
    expect(urlOf({ host, port: 9000 })).toBe(url);
  });

  test('by the settings of the environment, after those of the command line', () => {
    const env = { VENFLEET_CONFIG: settings({ port: 9001 }) };
    expect(agentUrl({}, env)).toBe('http://127.0.0.1:9001');
    expect(agentUrl({ config: settings({ port: 9002 }) }, env)).toBe('http://127.0.0.1:9002');
  });

  test('at --url before all settings, which need not be there', () => {
    expect(agentUrl({ url: 'http://pi:1', config: join(folder, 'none.yaml') }, {})).toBe('http://pi:1');
  });

  test('at --url alone where the settings leave the port open, or the host makes no URL', () => {
    const refusal = (message: RegExp) =>
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringMatching(message),
        hint: expect.stringContaining('--url'),
      });
    expect(() => urlOf({ port: 0 })).toThrow(refusal(/`ops\.port` of its settings is 0/));
    expect(() => urlOf({ host: 'fe80::1%eth0' })).toThrow(refusal(/`ops\.host` of the settings, fe80::1%eth0/));
  });
});

describe('the commands that ask', () => {
  let server: Server | undefined;
  afterEach(() => {
    jest.restoreAllMocks();
    server?.close();
  });

  /** Something that answers each question with the same, and keeps what it was asked. */
  async function answering(body: object): Promise<{ port: number; asked: string[] }> {
    const asked: string[] = [];
    const listening = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.setHeader('connection', 'close').end(JSON.stringify(body));
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    return { port: (listening.address() as AddressInfo).port, asked };
  }

  test.each([
    [['alerts', '--json'], '/alerts'],
    [['explain', 'Nissens Hotel', '--json'], '/explain?resource=Nissens+Hotel'],
  ])('%j find the agent by the settings', async (args, path) => {
    const { port, asked } = await answering({ alerts: [] });
    const printed = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const program = buildProgram({ VENFLEET_CONFIG: settings({ host: '0.0.0.0', port }) });
    await program.parseAsync(args, { from: 'user' });
    expect(asked).toEqual([path]);
    expect(printed.mock.calls.map(([text]) => text).join('')).toBe('{"alerts":[]}\n');
  });
});
