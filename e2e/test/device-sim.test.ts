import { execFileSync, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeBlock, type ModbusProfile, namesToPoll, planReads, type Values } from '@venfleet/devices';
import { loadProfiles } from '@venfleet/devices/node';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import modbusSerial from 'modbus-serial';
import { connectAsync, type MqttClient } from 'mqtt';
import { prepareDevices, type RunningSimulator, startSimulator } from './support/devices.js';
import { freePort, jsonOf, root, run, runProgram, temporaryFolder } from './support/programs.js';

const BASE_PORT = 24_000;
const folder = temporaryFolder();
const catalog = loadProfiles(`${root}/config/device-profiles`);

/** What the simulator tells of a device over its own view. */
interface Reading {
  readonly measurement: Values;
  readonly control: Values;
}

let db: string;
let mqttPort: number;
let simulator: RunningSimulator;
let fleet: readonly Site[];
let mqtt: MqttClient;

interface Site {
  readonly resource: Resource;
  readonly meter: Place;
  readonly controller: Place;
}
type Place = { readonly profile: string } & (
  | { readonly type: 'MODBUSTCP'; readonly port: number; readonly unitId: number }
  | { readonly type: 'MQTT'; readonly topic: string }
);

beforeAll(async () => {
  ({ db, mqttPort } = await prepareDevices(folder, BASE_PORT));
  fleet = readFleet(db);
  simulator = await startSimulator(['--db', db, '--start', '2026-01-15T08:00', '--seed', 'e2e']);
  mqtt = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { reconnectPeriod: 0 }, false);
}, 120_000);
afterAll(async () => {
  await mqtt.endAsync(true);
  await simulator.stop();
});

function readFleet(path: string): Site[] {
  const open = openResourceDb(path, 'readonly');
  try {
    const connections = new Map(open.connections.list().map((c) => [c.id, c]));
    return open.resources.list().map((resource) => ({
      resource,
      meter: connections.get(resource.readerConnectionId ?? -1) as Place,
      controller: connections.get(resource.writerConnectionId ?? -1) as Place,
    }));
  } finally {
    open.close();
  }
}

const siteWith = (profile: string): Site => fleet.find(({ meter }) => meter.profile === profile) as Site;
const view = async ({ resource }: Site): Promise<Reading> =>
  (await (await fetch(`${simulator.ops}/v1/devices/${resource.resourceId}`)).json()) as Reading;

/** The fast values of every device on one gateway, one after the other as a gateway's client does. */
async function sweepGateway(port: number, devices: readonly { unitId: number; profile: ModbusProfile }[]): Promise<Values[]> {
  const client = new modbusSerial.default();
  client.setTimeout(10_000);
  await client.connectTCP('127.0.0.1', { port });
  try {
    const all: Values[] = [];
    for (const { unitId, profile } of devices) {
      let values: Values = {};
      for (const block of planReads(profile, namesToPoll(profile, 'fast'))) {
        client.setID(unitId);
        const read = block.table === 'input' ? client.readInputRegisters : client.readHoldingRegisters;
        const { buffer } = await read.call(client, block.address, block.count);
        values = { ...values, ...decodeBlock(profile, block, buffer) };
      }
      all.push(values);
    }
    return all;
  } finally {
    await new Promise<void>((done) => client.close(() => done()));
  }
}

describe('the whole sample fleet', () => {
  test('is up, with exact counts by protocol and profile', async () => {
    const stats = jsonOf(await runProgram('device-sim', ['stats', '--url', simulator.ops, '--json']));
    expect(stats).toMatchObject({
      resources: 9714,
      vens: 158,
      meters: {
        total: 9714,
        byProtocol: { MODBUSTCP: 6226, MQTT: 3488 },
        byProfile: {
          'sunspec-213': 1564,
          'schneider-iem3000': 1278,
          'eastron-sdm630': 1507,
          'carlo-gavazzi-em24': 336,
          'alfen-eve': 1541,
          'shelly-pro-3em': 2646,
          'tasmota-energy': 842,
        },
      },
      controllers: { total: 8173, byProtocol: { MODBUSTCP: 4685, MQTT: 3488 }, byProfile: { 'flex-controller': 8173 } },
    });
  });

  test('answers over Modbus: every meter and every controller, within its physical range', async () => {
    const gateways = new Map<number, { unitId: number; profile: ModbusProfile; pMax: number }[]>();
    for (const { resource, meter, controller } of fleet) {
      for (const place of meter.type === 'MODBUSTCP' && sameUnit(meter, controller) ? [meter] : [meter, controller]) {
        if (place.type !== 'MODBUSTCP') continue;
        const devices = gateways.get(place.port) ?? [];
        devices.push({ unitId: place.unitId, profile: catalog.modbus(place.profile), pMax: resource.pMax });
        gateways.set(place.port, devices);
      }
    }
    const counts = await Promise.all(
      [...gateways].map(async ([port, devices]) => {
        const readings = await sweepGateway(port, devices);
        for (const [i, values] of readings.entries()) expectPlausible(values, devices[i]?.pMax ?? 0);
        return readings.length;
      }),
    );
    expect(counts.reduce((a, b) => a + b, 0)).toBe(6226 + 4685);
  }, 120_000);

  test('answers over MQTT: every meter in its dialect, every controller with its retained state', async () => {
    const waiting = new Map<string, number>();
    for (const { resource, meter } of fleet) {
      if (meter.type !== 'MQTT') continue;
      const answer = meter.profile === 'shelly-pro-3em' ? `e2e/${resource.resourceId}/rpc` : `stat/${meter.topic}/STATUS8`;
      waiting.set(answer, resource.pMax);
      waiting.set(meter.topic.replace(/meter$/, 'controller/state'), resource.pMax);
    }
    expect(waiting.size).toBe(2 * 3488);
    const client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { reconnectPeriod: 0 }, false);
    const all = new Promise<void>((done) => {
      client.on('message', (topic, payload) => {
        const pMax = waiting.get(topic);
        if (pMax === undefined) return;
        waiting.delete(topic);
        expectPlausible(powerIn(topic, JSON.parse(String(payload))), pMax);
        if (waiting.size === 0) done();
      });
    });
    await client.subscribeAsync(['e2e/+/rpc', 'stat/+/+/meter/STATUS8', '+/+/controller/state'], { qos: 1 });
    const asking = fleet.map(async ({ resource, meter }) => {
      if (meter.type !== 'MQTT') return;
      const request = { id: 1, src: `e2e/${resource.resourceId}`, method: 'EM.GetStatus', params: { id: 0 } };
      if (meter.profile === 'shelly-pro-3em')
        await client.publishAsync(`${meter.topic}/rpc`, JSON.stringify(request), { qos: 1 });
      else await client.publishAsync(`cmnd/${meter.topic}/Status`, '8', { qos: 1 });
    });
    await Promise.all(asking);
    await all;
    await client.endAsync();
  }, 120_000);

  test.each(['sunspec-213', 'schneider-iem3000', 'eastron-sdm630', 'carlo-gavazzi-em24', 'alfen-eve'])(
    'a %s and device-sim:read agree',
    async (id) => {
      const site = siteWith(id);
      const { port, unitId } = site.meter as { port: number; unitId: number };
      const before = await view(site);
      const [shown] = await sweepGateway(port, [{ unitId, profile: catalog.modbus(id) }]);
      const after = await view(site);
      expectBetween(shown?.powerW, before.measurement.powerW, after.measurement.powerW, 1);
      expectBetween(shown?.energyImportWh, before.measurement.energyImportWh, after.measurement.energyImportWh, 100);
    },
  );

  test('ends within five seconds when it is asked to, and says nothing', async () => {
    const other = await prepareDevices(folder, 25_500);
    const second = await startSimulator(['--db', other.db]);
    const { status, stderr, tookMs } = await second.stop();
    expect([status, stderr]).toEqual([0, '']);
    expect(tookMs).toBeLessThan(5000);
  }, 120_000);
});

describe('the commands', () => {
  test('fault adds, lists and clears', async () => {
    const { resource, meter } = siteWith('eastron-sdm630');
    const { port, unitId } = meter as { port: number; unitId: number };
    const sim = (...args: string[]) => runProgram('device-sim', ['fault', ...args, '--url', simulator.ops, '--json']);
    const added = jsonOf<{ id: number }>(
      await sim('add', '--kind', 'exception', '--exception', '4', '--resource', resource.resourceId, '--for', '600'),
    );
    expect(jsonOf(await sim('list'))).toMatchObject({ faults: [{ id: added.id, devices: 1 }] });
    const profile = catalog.modbus('eastron-sdm630');
    await expect(sweepGateway(port, [{ unitId, profile }])).rejects.toMatchObject({ modbusCode: 4 });
    expect(jsonOf(await sim('clear', '--id', String(added.id)))).toEqual({ cleared: 1 });
    expect(await sweepGateway(port, [{ unitId, profile }])).toHaveLength(1);
    expect((await sim('add', '--kind', 'timeout', '--exception', '4')).stderr).toContain('has no such parameter');
    expect((await sim('remove')).status).toBe(2);
  });

  test('say so when no simulator runs, when a port is taken, and when options make no sense', async () => {
    const nowhere = await runProgram('device-sim', ['read', 'x', '--url', `http://127.0.0.1:${await freePort()}`]);
    expect([nowhere.status, nowhere.stderr]).toEqual([1, expect.stringContaining('no device simulator answers')]);
    const taken = await runProgram('device-sim', ['serve', '--db', db, '--ops-port', '0']);
    expect([taken.status, taken.stderr]).toEqual([1, expect.stringContaining(`127.0.0.1:${BASE_PORT} is in use`)]);
    const missing = await runProgram('device-sim', ['serve', '--db', `${folder}/none.db`]);
    expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining('resource-db:prepare')]);
    for (const wrong of [
      ['--shard', '3/2'],
      ['--speed', '0'],
      ['--broker', 'http://x'],
      ['--nonsense'],
      ['--broker-user', 'me'],
    ]) {
      expect((await runProgram('device-sim', ['serve', '--db', db, ...wrong])).status).toBe(2);
    }
    const noBroker = await runProgram('device-sim', [
      'serve',
      '--db',
      db,
      '--ven',
      'Herning',
      '--broker',
      'mqtt://127.0.0.1:1',
      '--host',
      '127.0.0.2',
      '--ops-port',
      '0',
    ]);
    expect([noBroker.status, noBroker.stderr]).toEqual([1, expect.stringContaining('cannot connect to the broker')]);
  });

  test('serve is undone when the port of its HTTP view is taken', async () => {
    const other = createServer();
    const port = await new Promise<number>((done) =>
      other.listen(0, '127.0.0.1', () => done((other.address() as { port: number }).port)),
    );
    const { db: small } = await prepareDevices(folder, 26_500);
    const outcome = await runProgram('device-sim', ['serve', '--db', small, '--limit', '1', '--ops-port', String(port)]);
    await new Promise((done) => other.close(done));
    expect([outcome.status, outcome.stderr]).toEqual([1, expect.stringContaining('--ops-port')]);
  });
});

/** A tool of somebody else; where it cannot be had its tests are skipped and say why. */
function withTool(tool: string): { test: typeof test.skip; note: string } {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' });
    return { test, note: '' };
  } catch {
    return { test: test.skip, note: ` (skipped: ${tool} is not installed)` };
  }
}

/** A Python that has pymodbus; Debian's own has it from python3-pymodbus, whichever comes first on the path. */
function pythonWithPymodbus(): { test: typeof test.skip; note: string; command: string } {
  for (const command of ['python3', '/usr/bin/python3']) {
    const { status } = spawnSync(command, ['-c', 'import pymodbus.client'], { stdio: 'ignore' });
    if (status === 0) return { test, note: '', command };
  }
  return { test: test.skip, note: ' (skipped: python3-pymodbus is not installed)', command: '' };
}

describe('clients that nobody here wrote', () => {
  const mbpoll = withTool('mbpoll');
  const MBPOLL: Readonly<Record<string, readonly string[]>> = {
    'sunspec-213': ['-t', '4:float', '-B'],
    'schneider-iem3000': ['-t', '4:float', '-B'],
    'eastron-sdm630': ['-t', '3:float', '-B'],
    'carlo-gavazzi-em24': ['-t', '3:int'],
    'alfen-eve': ['-t', '4:float', '-B'],
  };
  /** From the number in the registers to watts. */
  const UNIT_W: Readonly<Record<string, number>> = { 'schneider-iem3000': 1000, 'carlo-gavazzi-em24': 0.1 };

  mbpoll.test.each(Object.keys(MBPOLL))(
    `mbpoll reads the power of a %s as device-sim:read shows it${mbpoll.note}`,
    async (id) => {
      const site = siteWith(id);
      const { port, unitId } = site.meter as { port: number; unitId: number };
      const address = catalog.modbus(id).points.get('powerW')?.address;
      const where = ['-m', 'tcp', '-p', String(port), '-a', String(unitId), '-0', '-r', String(address), '-1', '127.0.0.1'];
      const before = await view(site);
      const { stdout } = await run('mbpoll', [...(MBPOLL[id] ?? []), ...where]);
      const after = await view(site);
      const shown = Number(/\[\d+\]:\s+(\S+)/.exec(stdout)?.[1]) * (UNIT_W[id] ?? 1);
      expectBetween(shown, before.measurement.powerW, after.measurement.powerW, 1);
    },
  );

  const python = pythonWithPymodbus();
  /** How pymodbus' registers are taken: function, and format of Python's struct (the EM24 has its low word first). */
  const PYMODBUS: Readonly<Record<string, readonly [table: string, format: string]>> = {
    'sunspec-213': ['holding', '>f'],
    'schneider-iem3000': ['holding', '>f'],
    'eastron-sdm630': ['input', '>f'],
    'carlo-gavazzi-em24': ['input', 'low first'],
    'alfen-eve': ['holding', '>f'],
  };

  python.test.each(Object.keys(PYMODBUS))(
    `pymodbus reads the power of a %s as device-sim:read shows it${python.note}`,
    async (id) => {
      const site = siteWith(id);
      const { port, unitId } = site.meter as { port: number; unitId: number };
      const address = catalog.modbus(id).points.get('powerW')?.address;
      const where = [port, unitId, ...(PYMODBUS[id] ?? []), address].map(String);
      const before = await view(site);
      const { stdout, stderr } = await run(python.command, [`${import.meta.dirname}/support/read_meter.py`, ...where]);
      const after = await view(site);
      expect(stderr).toBe('');
      expectBetween(Number(stdout) * (UNIT_W[id] ?? 1), before.measurement.powerW, after.measurement.powerW, 1);
    },
  );

  mbpoll.test(`mbpoll sets a limit on a flex-controller${mbpoll.note}`, async () => {
    const site = siteWith('sunspec-213');
    const { port, unitId } = site.controller as { port: number; unitId: number };
    const where = ['-m', 'tcp', '-p', String(port), '-a', String(unitId), '-0', '-1'];
    // limit 5,000 W in two registers, active, for 300 s
    const { stdout } = await run('mbpoll', [...where, '-r', '10', '-t', '4', '127.0.0.1', '0', '5000', '1', '300']);
    expect(stdout).toContain('Written 4 references');
    const { control, measurement } = await view(site);
    expect(control).toMatchObject({ limitW: 5000, limitActive: true });
    expect(measurement.powerW).toBeLessThanOrEqual(5000);
  });

  const mosquitto = withTool('mosquitto_sub');
  const sub = (topic: string, ...args: string[]) =>
    run('mosquitto_sub', ['-h', '127.0.0.1', '-p', String(mqttPort), '-t', topic, '-C', '1', '-W', '20', ...args]);
  const pub = (topic: string, message: string, ...args: string[]) =>
    run('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(mqttPort), '-t', topic, '-m', message, ...args]);

  /** Publishes until the answer has come: the two programs do not know of each other. */
  async function askWith(question: () => Promise<unknown>, answer: Promise<{ stdout: string }>): Promise<string> {
    let text: string | undefined;
    const done = answer.then(({ stdout }) => {
      text = stdout;
    });
    while (text === undefined) await Promise.race([question(), done]);
    return text;
  }

  mosquitto.test.each(['mqttv311', 'mqttv5'])(`mosquitto, %s, asks a Shelly and a Tasmota${mosquitto.note}`, async (version) => {
    const shelly = siteWith('shelly-pro-3em');
    const request = JSON.stringify({ id: 1, src: version, method: 'EM.GetStatus', params: { id: 0 } });
    const shellyTopic = (shelly.meter as { topic: string }).topic;
    const before = await view(shelly);
    const answer = await askWith(() => pub(`${shellyTopic}/rpc`, request, '-V', version), sub(`${version}/rpc`, '-V', version));
    const after = await view(shelly);
    expectBetween(JSON.parse(answer).result.total_act_power, before.measurement.powerW, after.measurement.powerW, 1);
    const tasmota = siteWith('tasmota-energy');
    const { topic } = tasmota.meter as { topic: string };
    const status = await askWith(
      () => pub(`cmnd/${topic}/Status`, '8', '-V', version),
      sub(`stat/${topic}/STATUS8`, '-V', version),
    );
    expect(JSON.parse(status).StatusSNS.ENERGY.Power).toHaveLength(3);
  });

  mosquitto.test(`mosquitto sets a limit, and sees what is retained${mosquitto.note}`, async () => {
    const { controller, meter } = siteWith('tasmota-energy');
    const { topic } = controller as { topic: string };
    expect((await sub(`${topic}/online`)).stdout).toBe('online\n');
    expect((await sub(`tele/${(meter as { topic: string }).topic}/LWT`)).stdout).toBe('Online\n');
    await pub(`${topic}/set`, '{"limitW":1000,"active":true,"validForS":60}', '-q', '2');
    expect(JSON.parse((await sub(`${topic}/state`)).stdout)).toMatchObject({ limitW: 1000, active: true });
  });
});

function sameUnit(a: Place, b: Place): boolean {
  return a.type === 'MODBUSTCP' && b.type === 'MODBUSTCP' && a.port === b.port && a.unitId === b.unitId;
}

/** The power of either dialect, or the limit of a controller. */
function powerIn(topic: string, message: Record<string, unknown>): Values {
  if (topic.endsWith('/state')) return { appliedLimitW: message.appliedLimitW as number };
  if (topic.endsWith('/rpc')) return { powerW: (message.result as { total_act_power: number }).total_act_power };
  const { Power } = (message.StatusSNS as { ENERGY: { Power: number[] } }).ENERGY;
  return { powerW: Power.reduce((a, b) => a + b, 0) };
}

function expectPlausible({ powerW, voltageL1V, frequencyHz, appliedLimitW }: Values, pMax: number): void {
  expect(powerW ?? appliedLimitW).toBeDefined();
  // Three phases in whole watts may be rounded up.
  for (const power of [powerW, appliedLimitW]) if (power !== undefined) expectBetween(power, 0, pMax, 2);
  if (voltageL1V !== undefined) expectBetween(voltageL1V, 207, 253, 0);
  if (frequencyHz !== undefined) expectBetween(frequencyHz, 49.9, 50.1, 0.05);
}

function expectBetween(value: unknown, a: unknown, b: unknown, tolerance: number): void {
  const [low, high] = [Math.min(Number(a), Number(b)), Math.max(Number(a), Number(b))];
  // Between two looks at it the power may have gone up and down again: as far as the noise of some seconds goes.
  const slack = tolerance + Math.max(high - low, Math.abs(high) * 1e-3);
  if (!(Number(value) >= low - slack && Number(value) <= high + slack))
    throw new Error(`${value} is not in ${low}…${high} ± ${slack}`);
}
