import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { watts } from '@venfleet/core';
import { openResourceDb, type ResourceDb } from '@venfleet/resource-db';
import { freePorts, prepareDevices, type RunningSimulator, startSimulator } from './support/devices.js';
import {
  businessToken,
  type Credentials,
  contentOf,
  readCredentials,
  smallerFleet,
  startVtn,
  type Workplace,
} from './support/fleet.js';
import { freePort, jsonOf, type Outcome, runProgram, temporaryFolder } from './support/programs.js';
import { register } from './support/reporting.js';

const PATIENCE = 120_000;
const VEN = 'Horsens';
const OTHER = 'Silkeborg';
const folder = temporaryFolder();

interface Found {
  readonly subject: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly about?: string;
  readonly message: string;
  readonly cure?: string;
}

let place: Workplace;
let simulator: RunningSimulator;
let urls: { '3.0.1': string; '3.1.0': string };
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const { db } = await prepareDevices(folder, await freePorts(), smallerFleet(folder, [VEN, OTHER], 1));
  place = { db, state: join(folder, 'agent.db'), credentials: join(folder, 'dev-credentials.json') };
  const { vtn, address } = await startVtn({ clients: place.credentials });
  stops.push(() => vtn.stop());
  urls = { '3.0.1': `${address.origin}/openadr3/3.0.1`, '3.1.0': `${address.origin}/openadr3/3.1.0` };
  await register(place, urls['3.1.0']);
  await register(place, urls['3.0.1']);
  simulator = await startSimulator(['--db', db]);
  stops.push(() => simulator.stop());
}, PATIENCE);
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
}, PATIENCE);

/** `check` of one VEN, with these options before the usual ones. */
function check(...args: string[]): Promise<Outcome> {
  const usual = { '--db': place.db, '--credentials': place.credentials, '--vtn-url': urls['3.1.0'], '--ven': VEN };
  const rest = Object.entries(usual).flatMap(([flag, value]) => (args.includes(flag) ? [] : [flag, value]));
  return runProgram('ven-agent', ['check', ...args, ...rest]);
}

async function findings(...args: string[]): Promise<{ status: number | null; found: Found[] }> {
  const outcome = await check(...args, '--json');
  return { status: outcome.status, found: jsonOf<{ checks: Found[] }>(outcome).checks };
}

const of = (found: readonly Found[], subject: string) => found.filter((finding) => finding.subject === subject);
/** What is not as it should be. */
const wrong = (found: readonly Found[]) => found.filter(({ status }) => status !== 'ok');

/** A database like the fleet's, but for something. */
function otherDb(name: string, change: (db: ResourceDb) => void): string {
  const path = join(folder, `${name}.db`);
  copyFileSync(place.db, path);
  const db = openResourceDb(path, 'readwrite');
  change(db);
  db.close();
  return path;
}

/** A credentials file with the VEN's client changed. */
function otherCredentials(name: string, change: (client: Credentials['clients'][number]) => object | undefined): string {
  const path = join(folder, `${name}.json`);
  const clients = readCredentials(place.credentials).clients.flatMap((client) =>
    client.venName === VEN ? (change(client) ?? []) : client,
  );
  writeFileSync(path, JSON.stringify({ version: 1, clients }), { mode: 0o600 });
  return path;
}

function hasOpenssl(): boolean {
  return spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0;
}

/** A server that is no VTN of ours. @returns its origin */
async function serve(listener: RequestListener, tls?: { key: Buffer; cert: Buffer }): Promise<string> {
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  stops.push(() => new Promise((down) => server.close(down)));
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('everything is there', () => {
  test.each(['3.0.1', '3.1.0'] as const)(
    'and each thing is told in one line, OpenADR %s',
    async (version) => {
      const { status, stdout } = await check('--vtn-url', urls[version], '--live');
      expect(stdout).toMatch(/^ok {4}VTN URL .* answers$/m);
      expect(stdout).toMatch(/^ok {4}TLS /m);
      expect(stdout).toMatch(/^ok {4}clock /m);
      expect(stdout).toMatch(new RegExp(`^ok {4}version +OpenADR ${version}$`, 'm'));
      expect(stdout).toMatch(/^ok {4}business logic /m);
      expect(stdout).toMatch(new RegExp(`^ok {4}token +${VEN}: given to ven-horsens$`, 'm'));
      expect(stdout).toMatch(new RegExp(`^ok {4}rights +${VEN}: .*write_reports`, 'm'));
      expect(stdout).toMatch(new RegExp(`^ok {4}own VEN +${VEN}: known as `, 'm'));
      expect(stdout).toMatch(new RegExp(`^ok {4}resources +${VEN}: all 8 are registered$`, 'm'));
      expect(stdout).toMatch(/^ok {4}gateway +127\.0\.0\.1:\d+: \d+ of \d+ devices answer$/m);
      expect(stdout).toMatch(/^ok {4}broker +127\.0\.0\.1:\d+: 6 of 6 devices answer$/m);
      expect(stdout.match(/^ok {4}meter .*: \d+\.\d\d kW/gm)).toHaveLength(8);
      expect(stdout.match(/^ok {4}controller .*: free$/gm)).toHaveLength(8);
      expect(stdout).toMatch(/0 to look at, 0 failed\n$/);
      expect(status).toBe(0);
    },
    PATIENCE,
  );

  test('without --live no device is touched', async () => {
    const { found } = await findings();
    expect(wrong(found)).toEqual([]);
    expect(of(found, 'meter')).toEqual([]);
  });

  test(
    'nothing is changed anywhere',
    async () => {
      const token = await businessToken(urls['3.1.0'], place.credentials);
      const files = () => [place.db, place.credentials].map((path) => readFileSync(path).toString('base64'));
      const controls = async () => {
        const { devices } = (await (await fetch(`${simulator.ops}/v1/devices?ven=${VEN}`)).json()) as {
          devices: { resourceId: string }[];
        };
        const told = devices.map(async ({ resourceId }) => {
          const { control } = (await (await fetch(`${simulator.ops}/v1/devices/${resourceId}`)).json()) as { control: object };
          const { limitW, limitA, limitActive, controllerState } = control as Record<string, unknown>;
          return [limitW, limitA, limitActive, controllerState];
        });
        return Promise.all(told);
      };
      const before = [await contentOf(urls['3.1.0'], token), files(), await controls()];
      await check('--live', '--state', join(folder, 'never.db'));
      expect([await contentOf(urls['3.1.0'], token), files(), await controls()]).toEqual(before);
      expect(() => readFileSync(join(folder, 'never.db'))).toThrow();
    },
    PATIENCE,
  );
});

describe('what is wrong with the VTN is told with its cure', () => {
  test('nobody is there', async () => {
    const { status, found } = await findings('--vtn-url', `http://127.0.0.1:${await freePort()}`);
    expect(status).toBe(1);
    expect(found).toEqual([expect.objectContaining({ subject: 'VTN URL', status: 'fail', cure: expect.any(String) })]);
  });

  test('something else is there', async () => {
    const url = await serve((_, response) => response.end('<html><body>It works!</body></html>'));
    const { status, found } = await findings('--vtn-url', url);
    expect(status).toBe(1);
    expect(wrong(found)).toMatchObject([{ subject: 'version', status: 'fail', cure: expect.stringContaining('base URL') }]);
  });

  test('it does not show its version, which the agent is told', async () => {
    const url = await serve((_, response) => response.writeHead(404).end());
    const { found } = await findings('--vtn-url', url, '--vtn-version', '3.1.0');
    expect(of(found, 'version')).toMatchObject([{ status: 'warn', cure: expect.stringContaining('URL') }]);
    expect(of(found, 'token')).toMatchObject([{ status: 'fail' }]);
  });

  test('it speaks another version than it is said to', async () => {
    const { status, found } = await findings('--vtn-version', '3.0.1');
    expect(status).toBe(1);
    expect(wrong(found)).toMatchObject([
      {
        subject: 'version',
        message: expect.stringContaining('speaks OpenADR 3.1.0'),
        cure: expect.stringContaining('--vtn-version'),
      },
    ]);
  });

  (hasOpenssl() ? test : test.skip)(
    'its certificate is of an authority that is not trusted (needs openssl on the path)',
    async () => {
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', ...subject],
        { stdio: 'ignore' },
      );
      const url = await serve((_, response) => response.end(), { key: readFileSync(key), cert: readFileSync(cert) });
      const { status, found } = await findings('--vtn-url', url);
      expect([status, found[0]]).toMatchObject([1, { subject: 'TLS', status: 'fail', cure: expect.any(String) }]);
    },
  );

  test.each([
    [-20_000, 'warn'],
    [3_600_000, 'fail'],
  ])('its clock differs by %d ms', async (offset, status) => {
    const url = await serve((request, response) => {
      response.setHeader('date', new Date(Date.now() + offset).toUTCString());
      const code = request.url?.startsWith('/programs') ? 401 : 404;
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ status: code, title: 'no' }));
    });
    const { found } = await findings('--vtn-url', url);
    expect(of(found, 'clock')).toMatchObject([{ status, cure: expect.stringContaining('NTP') }]);
  });
});

describe('what is wrong with a VEN is told with its cure', () => {
  test('its secret', async () => {
    const credentials = otherCredentials('secret', (client) => ({ ...client, clientSecret: 'another-secret' }));
    const { status, found } = await findings('--credentials', credentials);
    expect(status).toBe(1);
    expect(wrong(found)).toMatchObject([{ subject: 'token', about: VEN, cure: expect.any(String) }]);
    expect(JSON.stringify(found)).not.toContain('another-secret');
  });

  test('it has no credentials', async () => {
    const { status, found } = await findings(
      '--credentials',
      otherCredentials('none', () => undefined),
    );
    expect(status).toBe(1);
    expect(wrong(found)).toMatchObject([{ subject: 'token', about: VEN, cure: expect.stringContaining('credentials') }]);
  });

  test.each([
    [['read_targets', 'read_ven_objects'], 'warn', 'write_reports'],
    [['read_ven_objects', 'write_reports'], 'fail', 'operator'],
  ])('its scopes are only %j', async (scopes, status, cure) => {
    const credentials = otherCredentials(`scopes-${status}`, (client) => ({ ...client, scopes }));
    const { vtn, address } = await startVtn({ clients: credentials });
    stops.push(() => vtn.stop());
    const { found } = await findings('--vtn-url', `${address.origin}/openadr3/3.1.0`, '--credentials', credentials);
    expect(of(found, 'rights')).toMatchObject([{ status, about: VEN, cure: expect.stringContaining(cure) }]);
  });

  test('it is not registered', async () => {
    const { vtn, address } = await startVtn({ clients: place.credentials });
    stops.push(() => vtn.stop());
    const { status, found } = await findings('--vtn-url', `${address.origin}/openadr3/3.0.1`);
    expect(status).toBe(1);
    expect(wrong(found)).toMatchObject([{ subject: 'own VEN', about: VEN, cure: expect.stringContaining('register') }]);
  });

  test('its resources are not those of the database', async () => {
    const db = otherDb('moved', ({ resources }) => {
      const [first, second] = resources.byVen(VEN);
      const [stranger] = resources.byVen(OTHER);
      resources.update(first?.resourceId ?? '', { ven: OTHER });
      resources.update(second?.resourceId ?? '', { name: 'Renamed' });
      resources.update(stranger?.resourceId ?? '', { ven: VEN });
    });
    const { status, found } = await findings('--db', db);
    expect(status).toBe(1);
    expect(of(found, 'resources')).toMatchObject([
      {
        status: 'fail',
        message: 'of 8: 1 missing, 1 with other attributes, 1 more than in the database',
        cure: expect.stringContaining('--prune'),
      },
    ]);
  });
});

describe('what is wrong with a device is told with its cure', () => {
  test(
    'a meter says what its site cannot draw',
    async () => {
      const db = otherDb('small', ({ resources }) => {
        for (const { resourceId } of resources.byVen(VEN)) resources.update(resourceId, { pMax: watts(1) });
      });
      const { found } = await findings('--db', db, '--live');
      const meters = wrong(of(found, 'meter'));
      expect(meters.length).toBeGreaterThan(0);
      expect(meters[0]).toMatchObject({
        status: 'warn',
        message: expect.stringContaining('IMPLAUSIBLE'),
        cure: expect.any(String),
      });
    },
    PATIENCE,
  );

  test(
    'one does not answer, and the others do',
    async () => {
      const site = (await fetch(`${simulator.ops}/v1/devices?ven=${VEN}&protocol=MODBUSTCP`).then((r) => r.json())) as {
        devices: { resourceId: string }[];
      };
      const [dead] = site.devices;
      const fault = await fetch(`${simulator.ops}/v1/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'timeout', device: dead?.resourceId }),
      });
      expect([fault.status, await fault.text()]).toEqual([201, expect.any(String)]);
      const { status, found } = await findings('--live');
      await fetch(`${simulator.ops}/v1/faults`, { method: 'DELETE' });
      expect(status).toBe(1);
      expect(wrong(of(found, 'meter'))).toMatchObject([
        { status: 'fail', about: expect.stringContaining(dead?.resourceId ?? ''), cure: expect.stringContaining('unit id') },
      ]);
    },
    PATIENCE,
  );

  test(
    'none is there: gateways and broker are told',
    async () => {
      await simulator.stop();
      const { status, found } = await findings('--live');
      expect(status).toBe(1);
      for (const subject of ['gateway', 'broker']) {
        expect(of(found, subject)).not.toEqual([]);
        for (const finding of of(found, subject)) expect(finding).toMatchObject({ status: 'fail', cure: expect.any(String) });
      }
      expect(of(found, 'meter').every(({ status: of, cure }) => of === 'fail' && cure !== undefined)).toBe(true);
      expect(of(found, 'own VEN')).toMatchObject([{ status: 'ok' }]);
    },
    PATIENCE,
  );
});
