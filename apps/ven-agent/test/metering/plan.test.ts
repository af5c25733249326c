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
      '2: its device, 127.0.0.1:20000 unit 1, is that of site 1 already',
      '3: there is no modbus device profile "no-such"',
      '4: it has no connection to a meter',
      '5: the profile flex-controller gives neither power nor energy',
    ]);
  });

  test('a controller shares the gateway or the broker with the meters; a charger is both at one unit', () => {
    const { gateways, brokers, uncontrolled } = plan(
      [
        resource(1, { writerConnectionId: 11 }),
        resource(2, { writerConnectionId: 12 }),
        resource(3, { writerConnectionId: 13 }),
        resource(4, { writerConnectionId: null }),
      ],
      [
        modbus(1, 1),
        modbus(11, 101, 20000, 'flex-controller'),
        modbus(2, 2, 20000, 'alfen-eve'),
        modbus(12, 2, 20000, 'alfen-eve'),
        mqtt(3, 'm3'),
        { ...mqtt(13, 'c3'), profile: 'flex-controller' },
        mqtt(4, 'm4'),
      ],
    );
    expect(gateways.map(({ meters, controllers }) => [meters, controllers].map((p) => p.map(({ unitId }) => unitId)))).toEqual([
      [
        [1, 2],
        [101, 2],
      ],
    ]);
    expect(brokers.map(({ controllers }) => controllers.map(({ topic }) => topic))).toEqual([['c3']]);
    expect(uncontrolled).toEqual([]);
  });

  test('sets aside what cannot be controlled, with the reason, and meters it all the same', () => {
    const { gateways, uncontrolled } = plan(
      [11, 12, 13, 14].map((writerConnectionId, i) => resource(i + 1, { writerConnectionId })),
      [
        ...[1, 2, 3, 4].map((id) => modbus(id, id)),
        connection(11, { type: 'FILEREADER', file: 'a.csv', profile: 'csv' }),
        modbus(12, 2),
        modbus(13, 103, 20000, 'flex-controller'),
        modbus(14, 103, 20000, 'flex-controller'),
      ],
    );
    expect(gateways[0]?.meters).toHaveLength(4);
    expect(uncontrolled.map(({ resource: { id }, reason }) => `${id}: ${reason}`)).toEqual([
      '1: a file, a.csv, controls nothing',
      '2: the profile eastron-sdm630 takes no limit',
      '4: its device, 127.0.0.1:20000 unit 103, is that of site 3 already',
    ]);
  });
});
