import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFleet, type Site, viewOf } from './support/device-reads.js';
import { freePorts, prepareDevices, startSimulator } from './support/devices.js';
import { mosquittoMissing, type StrictBroker, startStrictBroker } from './support/mosquitto.js';
import { run, runProgram, temporaryFolder } from './support/programs.js';

const [USER, PASSWORD] = ['simulator', 'correct horse'];
const VEN = 'Skagen';
const folder = temporaryFolder();

let db: string;
let site: Site;
beforeAll(async () => {
  ({ db } = await prepareDevices(folder, await freePorts()));
  site = readFleet(db).find(({ resource, meter }) => resource.ven === VEN && meter.profile === 'shelly-pro-3em') as Site;
}, 120_000);

const missing = mosquittoMissing();
const note = missing === undefined ? '' : ` (skipped: ${missing})`;
const tool = missing === undefined ? test : test.skip;

describe('a broker of somebody else with TLS and a login', () => {
  let broker: StrictBroker;
  let secret: string;
  let serve: string[];
  beforeAll(async () => {
    if (missing !== undefined) return;
    broker = await startStrictBroker(folder, USER, PASSWORD);
    secret = join(folder, 'secret');
    writeFileSync(secret, `${PASSWORD}\n`, { mode: 0o600 });
    writeFileSync(join(folder, 'wrong'), 'battery staple');
    serve = ['--db', db, '--ven', VEN];
  });
  afterAll(() => broker?.stop());

  const url = () => `mqtts://localhost:${broker.port}`;
  const login = () => ['--broker-user', USER, '--broker-secret', `file:${secret}`];
  const mosquitto = (program: 'sub' | 'pub', ...args: string[]) => {
    const access = ['-h', 'localhost', '-p', String(broker.port), '--cafile', broker.caFile, '-u', USER, '-P', PASSWORD];
    return run(`mosquitto_${program}`, [...access, ...args]);
  };

  tool(`carries the devices, and their commands to them${note}`, async () => {
    const simulator = await startSimulator([...serve, '--broker', url(), ...login(), '--broker-ca', broker.caFile]);
    const { topic } = site.controller as { topic: string };
    const one = ['-C', '1', '-W', '20'];
    expect((await mosquitto('sub', '-t', `${topic}/online`, ...one)).stdout).toBe('online\n');
    await mosquitto('pub', '-t', `${topic}/set`, '-m', '{"limitW":1000,"active":true,"validForS":600}', '-q', '1');
    while ((await viewOf(simulator.ops, site)).control.limitActive !== true);
    expect((await viewOf(simulator.ops, site)).control).toMatchObject({ limitW: 1000, limitValidForS: 600 });
    const { status, stderr } = await simulator.stop();
    expect([status, stderr]).toEqual([0, '']);
    expect((await mosquitto('sub', '-t', `${topic}/online`, ...one)).stdout).toBe('offline\n');
  });

  const start = (...args: string[]) => runProgram('device-sim', ['serve', ...serve, '--ops-port', '0', '--no-state', ...args]);

  tool(`refuses the wrong password, which is told without it${note}`, async () => {
    const wrong = ['--broker-user', USER, '--broker-secret', `file:${folder}/wrong`, '--broker-ca', broker.caFile];
    for (const at of [
      ['--broker', url()],
      ['--broker', `mqtt://localhost:${broker.plainPort}`],
    ]) {
      const { status, stderr, stdout } = await start(...at, ...wrong);
      expect([status, stderr, stdout]).toEqual([1, expect.stringContaining(`refuses the login of ${USER}`), '']);
      expect(stderr).not.toContain('battery');
    }
    const { status, stderr } = await start('--broker', url(), '--broker-ca', broker.caFile);
    expect([status, stderr]).toEqual([1, expect.stringContaining('refuses the login')]);
  });

  tool(`is not trusted without its authority, nor under another name${note}`, async () => {
    for (const args of [
      ['--broker', url()],
      ['--broker', `mqtts://127.0.0.1:${broker.port}`, '--broker-ca', broker.caFile],
    ]) {
      const { status, stderr } = await start(...args, ...login());
      expect([status, stderr]).toEqual([1, expect.stringContaining('cannot be trusted')]);
      expect(stderr).toContain('--broker-ca');
    }
  });

  tool(`is not spoken to without TLS, nor with it where it has none${note}`, async () => {
    for (const wrong of [`mqtt://localhost:${broker.port}`, `mqtts://localhost:${broker.plainPort}`]) {
      const { status, stderr } = await start('--broker', wrong, ...login(), '--broker-ca', broker.caFile);
      expect([status, stderr]).toEqual([1, expect.stringContaining(`cannot connect to the broker ${wrong}`)]);
      expect(stderr).toContain('TLS');
    }
  });
});

test.each([
  ['an authority that is no certificate', ['--broker-ca', 'package.json'], 'package.json holds no certificate', 1],
  ['an authority that is not there', ['--broker-ca', 'none.pem'], 'cannot read the certificate authority', 1],
  ['a secret that is not there', ['--broker-user', 'x', '--broker-secret', 'env:VENFLEET_NO_SUCH_SECRET'], 'is not set', 1],
  ['a password without a user', ['--broker-secret', 'env:HOME'], '--broker-secret needs --broker-user', 2],
])('%s is told before anything is started', async (_, args, words, code) => {
  const broker = ['--broker', 'mqtts://localhost:1'];
  const outcome = await runProgram('device-sim', ['serve', '--db', db, '--ven', VEN, '--no-state', ...broker, ...args]);
  expect([outcome.status, outcome.stderr, outcome.stdout]).toEqual([code, expect.stringContaining(words), '']);
});

describe('the own broker of a fleet whose connections have a login', () => {
  const withLogin = (yaml: string) => {
    const marked = '  # username: venfleet\n  # secretRef: env:MQTT_PASSWORD        # or file:/run/secrets/mqtt\n';
    expect(yaml).toContain(marked);
    return yaml.replace(marked, `  username: ${USER}\n  secretRef: file:${folder}/own-secret\n`);
  };

  tool(`asks for it, and lets its user speak for the fleet's devices alone${note}`, async () => {
    writeFileSync(join(folder, 'own-secret'), PASSWORD, { mode: 0o600 });
    const own = await prepareDevices(folder, await freePorts(), undefined, withLogin);
    expect(readFileSync(own.db).includes(PASSWORD)).toBe(false);
    const simulator = await startSimulator(['--db', own.db, '--ven', VEN]);
    const at = ['-h', '127.0.0.1', '-p', String(own.mqttPort)];
    const { topic } = site.controller as { topic: string };
    const read = ['-t', `${topic}/online`, '-C', '1', '-W', '20'];
    for (const wrong of [[], ['-u', USER, '-P', 'battery staple'], ['-u', 'other', '-P', PASSWORD]]) {
      const { status, stderr } = await run('mosquitto_sub', [...at, ...wrong, ...read]);
      expect([status === 0, stderr]).toEqual([false, expect.stringMatching(/[Nn]ot authori[sz]ed|bad user name/)]);
    }
    const right = [...at, '-u', USER, '-P', PASSWORD];
    expect((await run('mosquitto_sub', [...right, ...read])).stdout).toBe('online\n');
    const set = ['-m', '{"limitW":500,"active":true}', '-q', '1'];
    expect((await run('mosquitto_pub', [...right, '-t', `${topic}/set`, ...set])).status).toBe(0);
    // Nobody's device: the connection ends before the message is acknowledged.
    expect((await run('mosquitto_pub', [...right, '-t', 'venfleet/nobody/controller/set', ...set])).status).not.toBe(0);
    await simulator.stop();
  });
});
