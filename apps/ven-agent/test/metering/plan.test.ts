import { describe, expect, test } from '@jest/globals';
import { planMetering } from '../../src/metering/plan.js';
import { catalog, connection, resource } from './support.js';

const modbus = (id: number, unitId: number, port = 20000, profile = 'eastron-sdm630') =>
  connection(id, { type: 'MODBUSTCP', host: '127.0.0.1', port, unitId, profile });
const mqtt = (id: number, topic: string, username: string | null = null) =>
  connection(id, { type: 'MQTT', host: 'broker', port: 1883, topic, username, secretRef: null, profile: 'shelly-pro-3em' });

function plan(resources: ReturnType<typeof resource>[], connections: ReturnType<typeof connection>[]) {
  return planMetering(resources, new Map(connections.map((c) => [c.id, c])), catalog);
}

describe('the metering plan', () => {
  test('has one queue a gateway, one connection a login at a broker, one replay a file', () => {
    const file = connection(6, { type: 'FILEREADER', file: 'a.csv', profile: 'csv' });
    const { gateways, brokers, files, unmetered } = plan(
      [1, 2, 3, 4, 5, 6].map((id) => resource(id)),
      [modbus(1, 1), modbus(2, 2), modbus(3, 1, 20001), mqtt(4, 'a'), mqtt(5, 'b', 'user'), file],
    );
    expect(gateways.map(({ port, meters }) => [port, meters.length])).toEqual([
      [20000, 2],
      [20001, 1],
    ]);
    expect(brokers).toHaveLength(2);
    expect(files).toHaveLength(1);
    expect(unmetered).toEqual([]);
  });

  test('leaves disabled resources out', () => {
    expect(plan([resource(1, { enabled: false })], [modbus(1, 1)]).gateways).toEqual([]);
  });

  test('sets aside what makes no sense, with the reason, and meters the others', () => {
    const { gateways, unmetered } = plan(
      [1, 2, 3, 4, 5].map((id) => resource(id)),
      [modbus(1, 1), modbus(2, 1), modbus(3, 3, 20000, 'no-such'), modbus(5, 5, 20000, 'flex-controller')],
    );
    expect(gateways[0]?.meters).toHaveLength(1);
    expect(unmetered.map(({ resource: { id }, reason }) => `${id}: ${reason}`)).toEqual([
      '2: its meter, 127.0.0.1:20000 unit 1, is that of site 1 already',
      '3: there is no modbus device profile "no-such"',
      '4: it has no connection to a meter',
      '5: the profile flex-controller gives neither power nor energy',
    ]);
  });
});
