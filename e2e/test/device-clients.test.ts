import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadProfiles } from '@venfleet/devices/node';
import { expectBetween, readFleet, type Site, viewOf, withTool } from './support/device-reads.js';
import { freePorts, prepareDevices, type RunningSimulator, startSimulator } from './support/devices.js';
import { root, run, temporaryFolder } from './support/programs.js';

/** A VEN with devices of every profile of the sample fleet. */
const VEN = 'Herning';
const folder = temporaryFolder();
const catalog = loadProfiles(`${root}/config/device-profiles`);

let mqttPort: number;
let simulator: RunningSimulator;
let fleet: readonly Site[];

beforeAll(async () => {
  const prepared = await prepareDevices(folder, await freePorts());
  mqttPort = prepared.mqttPort;
  fleet = readFleet(prepared.db).filter(({ resource }) => resource.ven === VEN);
  simulator = await startSimulator(['--db', prepared.db, '--ven', VEN, '--start', '2026-01-15T08:00', '--seed', 'e2e']);
}, 120_000);
afterAll(() => simulator.stop());

const siteWith = (profile: string): Site => fleet.find(({ meter }) => meter.profile === profile) as Site;
const view = (site: Site) => viewOf(simulator.ops, site);

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
