import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '@venfleet/core';
import { documentedMetrics, FakeClock, metricsTable } from '@venfleet/core/testing';
import type { Simulator } from '../../src/fleet/simulator.js';
import { OpsClient } from '../../src/ops/client.js';
import { OpsServer } from '../../src/ops/server.js';
import { freePort, idOf, modbusAt, mqttAt, simulatorOf, temporaryFolder, writeDatabase } from '../support/fleet.js';

const folder = temporaryFolder();
let simulator: Simulator;
let ops: OpsServer;
let url: string;
let client: OpsClient;

beforeAll(async () => {
  const [modbus, mqtt] = [await freePort(), await freePort()];
  const db = writeDatabase(join(folder, 'ops.db'), [
    { subType: 'Hotels', meter: modbusAt(modbus, 1, 'eastron-sdm630'), controller: modbusAt(modbus, 2, 'flex-controller') },
    { subType: 'Bars', ven: 'Aarhus', meter: mqttAt(mqtt, 'm/2', 'shelly-pro-3em') },
  ]);
  simulator = simulatorOf(db, { clock: new FakeClock('2026-01-15T05:00:00Z') });
  await simulator.start();
  ops = new OpsServer({ simulator, host: '127.0.0.1', port: 0, logger: silentLogger });
  url = await ops.start();
  client = new OpsClient(url);
});
afterAll(async () => {
  await ops.stop();
  await simulator.stop();
});

describe('the HTTP view', () => {
  test('lists by pages and filters', async () => {
    const page = await client.call<{ total: number; devices: { resourceId: string }[] }>('GET', '/v1/devices?limit=1&offset=1');
    expect([page.total, page.devices.map((d) => d.resourceId)]).toEqual([2, [idOf(2)]]);
    expect(await client.call('GET', '/v1/devices?ven=Aarhus')).toMatchObject({ total: 1 });
    expect(await client.call('GET', '/v1/devices?protocol=MODBUSTCP')).toMatchObject({ total: 1 });
  });

  test('reads one device by its resource id and by its meter point', async () => {
    const reading = await client.call<{ meterPointId: string }>('GET', `/v1/devices/${idOf(1)}`);
    expect(reading).toMatchObject({
      at: '2026-01-15T05:00:00.000Z',
      meter: { protocol: 'MODBUSTCP', profile: 'eastron-sdm630', unitId: 1 },
      controller: { profile: 'flex-controller', unitId: 2 },
      measurement: { powerW: expect.any(Number), energyImportWh: 0 },
      control: { limitActive: false, controllerState: 'released' },
    });
    expect(await client.call('GET', `/v1/devices/${reading.meterPointId}`)).toEqual(reading);
  });

  test('writes to a controller, and says why it does not', async () => {
    const path = `/v1/devices/${idOf(1)}/control`;
    const held = await client.call('PATCH', path, { limitW: 100, limitActive: true });
    expect(held).toMatchObject({ control: { limitW: 100, controllerState: 'limiting' } });
    await client.call('PATCH', path, { limitActive: false });
    await expect(client.call('PATCH', path, { limitA: 6 })).rejects.toMatchObject({ code: 'SIM_WRITE_REFUSED' });
    for (const body of [{}, { limitW: 'x' }, { nonsense: 1 }]) {
      await expect(client.call('PATCH', path, body)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    }
    await expect(client.call('GET', '/v1/devices/nobody')).rejects.toMatchObject({ code: 'DEVICE_UNKNOWN' });
  });

  test('adds, lists and clears faults, with every mistake of a wrong one', async () => {
    const fault = await client.call<{ id: number }>('POST', '/v1/faults', { kind: 'timeout', city: 'Aalborg', durationS: 60 });
    expect(fault).toMatchObject({ spec: { kind: 'timeout' }, until: '2026-01-15T05:01:00.000Z', devices: 1 });
    expect(await client.call('GET', '/v1/faults')).toMatchObject({ faults: [fault] });
    await client.call('DELETE', `/v1/faults/${fault.id}`);
    await expect(client.call('DELETE', `/v1/faults/${fault.id}`)).rejects.toMatchObject({ code: 'FAULT_UNKNOWN' });
    await client.call('POST', '/v1/faults', { kind: 'frozen' });
    expect(await client.call('DELETE', '/v1/faults')).toEqual({ cleared: 1 });
    const wrong = client.call('POST', '/v1/faults', { kind: 'timeout', percent: 101, nonsense: 1 });
    await expect(wrong).rejects.toMatchObject({ code: 'FAULT_INVALID', details: [expect.anything(), expect.anything()] });
  });

  test('counts exactly', async () => {
    expect(await client.call('GET', '/v1/stats')).toMatchObject({
      resources: 2,
      vens: 2,
      meters: { total: 2, byProtocol: { MODBUSTCP: 1, MQTT: 1 }, byProfile: { 'eastron-sdm630': 1, 'shelly-pro-3em': 1 } },
      controllers: { total: 1 },
      modbus: { gateways: 1, units: 2 },
      mqtt: { connected: true },
    });
  });

  test('says that it is healthy and ready, and has the metrics that the documentation lists', async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('device_sim_devices{role="meters",protocol="MQTT"} 1');
    expect(metrics).toContain('device_sim_ready 1');
    expect(metrics).toMatch(/process_resident_memory_bytes \d{6,}/);
    expect(documentedMetrics('device-sim')).toBe(metricsTable(metrics));
  });

  test('describes itself', async () => {
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/v1/devices',
        '/v1/devices/{id}',
        '/v1/devices/{id}/control',
        '/v1/faults',
        '/v1/stats',
        '/healthz',
      ]),
    );
  });

  test('answers what it does not have, and what is no JSON, with a reason', async () => {
    expect(await (await fetch(`${url}/nothing`)).json()).toMatchObject({ code: 'NOT_FOUND' });
    const headers = { 'content-type': 'application/json' };
    const broken = await fetch(`${url}/v1/faults`, { method: 'POST', body: '{', headers });
    expect([broken.status, await broken.json()]).toEqual([400, expect.objectContaining({ code: 'BAD_REQUEST' })]);
  });

  test('its port taken, and no simulator at the URL, are told', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    const port = await new Promise<number>((done) =>
      other.on('listening', () => done((other.address() as { port: number }).port)),
    );
    const second = new OpsServer({ simulator, host: '127.0.0.1', port, logger: silentLogger });
    await expect(second.start()).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    await new Promise((done) => other.close(done));
    await expect(new OpsClient(`http://127.0.0.1:${port}`).call('GET', '/v1/stats')).rejects.toMatchObject({
      code: 'SIM_UNREACHABLE',
      hint: expect.stringContaining('serve device-sim'),
    });
  });
});
