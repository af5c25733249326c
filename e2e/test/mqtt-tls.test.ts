import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { hours } from '@venfleet/core';
import { canMakeCertificates, MemoryLogger } from '@venfleet/core/testing';
import { startAgent, until as untilSoon } from './support/agent.js';
import { certificateFiles } from './support/certificate.js';
import { readFleet, type Site, withTool } from './support/device-reads.js';
import { freePorts, prepareDevices, type RunningSimulator, startSimulator } from './support/devices.js';
import { followEvents, until } from './support/events.js';
import { prepareFleet, smallerFleet, startVtn, workplace } from './support/fleet.js';
import { profiles } from './support/loop.js';
import { freePort, jsonOf, run, runProgram, temporaryFolder } from './support/programs.js';
import { register } from './support/reporting.js';

const folder = temporaryFolder();
const VEN = 'Skagen';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

(canMakeCertificates ? describe : describe.skip)("device-sim's own broker with TLS (needs openssl on the path)", () => {
  let db: string;
  let mqttPort: number;
  let own: { cert: string; key: string };
  beforeAll(async () => {
    ({ db, mqttPort } = await prepareDevices(folder, await freePorts(), smallerFleet(folder, [VEN], 1)));
    own = certificateFiles(folder, 'devices');
  });
  const simulate = async (): Promise<RunningSimulator> => {
    const simulator = await startSimulator(['--db', db, '--mqtt-tls-cert', own.cert, '--mqtt-tls-key', own.key]);
    stops.push(() => simulator.stop());
    return simulator;
  };
  const mqttSites = () => readFleet(db).filter(({ meter }) => meter.type === 'MQTT');
  /** An agent that trusts an authority of brokers. */
  const meter = async (caFile: string) => {
    const config = join(folder, 'metering.yaml');
    writeFileSync(config, JSON.stringify({ version: 1, metering: { mqtt: { tls: true, caFile } } }));
    const place = ['--db', db, '--state', workplace(folder, `metering-${stops.length}`).state, '--profiles', profiles];
    const agent = await startAgent([...place, '--config', config, '--ven', VEN, '--no-report']);
    stops.push(() => agent.stop());
    return agent;
  };

  test('an agent that knows its authority reads every meter over it', async () => {
    expect((await simulate()).mqtt.broker).toBe(`mqtts://127.0.0.1:${mqttPort}`);
    const agent = await meter(own.cert);
    expect(mqttSites().length).toBeGreaterThan(0);
    await untilSoon(async () => (await agent.meters()).every(({ problem, onTime }) => problem === null && onTime > 0));
  });

  test('an agent that knows another authority reads no MQTT meter, and says why', async () => {
    await simulate();
    const agent = await meter(certificateFiles(folder, 'stranger').cert);
    const ids = mqttSites().map(({ resource }) => resource.resourceId);
    await untilSoon(async () => {
      const meters = (await agent.meters()).filter(({ resourceId }) => ids.includes(resourceId));
      return meters.length > 0 && meters.every(({ problem }) => /certificate/.test(problem?.message ?? ''));
    });
  });

  const mosquitto = withTool('mosquitto_sub');
  mosquitto.test(`mosquitto_sub hears a meter over TLS${mosquitto.note}`, async () => {
    await simulate();
    const [site] = mqttSites() as [Site];
    const { topic } = site.controller as { topic: string };
    const at = ['-h', '127.0.0.1', '-p', String(mqttPort), '--cafile', own.cert];
    const { stdout } = await run('mosquitto_sub', [...at, '-t', `${topic}/online`, '-C', '1', '-W', '60']);
    expect(stdout).toBe('online\n');
  });

  test.each([
    [['--mqtt-tls-cert', 'x.pem'], /belong together/],
    [['--mqtt-tls-cert', 'x.pem', '--mqtt-tls-key', 'y.pem', '--broker', 'mqtt://127.0.0.1'], /own broker/],
    [['--mqtt-tls-cert', 'missing.pem', '--mqtt-tls-key', 'missing.pem'], /the certificate of the broker/],
  ])('%j is refused before anything starts', async (args, message) => {
    const { status, stderr, stdout } = await runProgram('device-sim', [
      'serve',
      '--db',
      db,
      '--ops-port',
      '0',
      '--no-state',
      ...args,
    ]);
    expect([status === 0, stdout]).toEqual([false, '']);
    expect(stderr).toMatch(message);
  });
});

(canMakeCertificates ? describe : describe.skip)("the VTN's own broker with TLS (needs openssl on the path)", () => {
  test('the agent hears of events over it, though nothing is polled', async () => {
    const place = await prepareFleet(join(folder, 'vtn'), { vens: [VEN], perFile: 1 });
    const own = certificateFiles(folder, 'vtn');
    const tls = { cert: readFileSync(own.cert, 'utf8'), key: readFileSync(own.key, 'utf8') };
    const dataFile = join(folder, 'vtn.db');
    const plain = await startVtn({ clients: place.credentials, dataFile });
    await register(place, plain.address.urls['3.1.0']);
    await plain.vtn.stop();
    const { vtn, address } = await startVtn({ clients: place.credentials, dataFile, tls, mqtt: { port: await freePort() } });
    stops.push(() => vtn.stop());
    const url = address.urls['3.1.0'];
    const logger = new MemoryLogger();
    const how = { url, vens: [VEN], database: join(folder, 'events.db'), push: 'mqtt', pollInterval: hours(10), logger } as const;
    const life = await followEvents(place, { ...how, caFile: own.cert });
    stops.push(() => life.stop());
    const announce = async () => {
      const args = ['event', '--shed', '10%', '--for', '10m', '--url', url, '--credentials', place.credentials, '--json'];
      return jsonOf<{ id: string }>(await runProgram('vtn-mock', args, { env: { NODE_EXTRA_CA_CERTS: own.cert } })).id;
    };
    // The first may come before it is subscribed, and is found then; the second is told.
    const first = await announce();
    await until(() => life.held(VEN).includes(first));
    const second = await announce();
    await until(() => life.held(VEN).includes(second));
  });
});
