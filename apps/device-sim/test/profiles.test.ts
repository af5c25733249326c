import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { kilowattHours, kilowatts } from '@venfleet/core';
import {
  decodeMessage,
  decodeReplies,
  encodeImage,
  encodeMessage,
  imageLayout,
  type ModbusProfile,
  planReads,
  readImage,
  type Values,
} from '@venfleet/devices';
import { loadProfiles } from '@venfleet/devices/node';
import { charger, flexSite, NOON, plus } from './support/sites.js';

const catalog = loadProfiles(fileURLToPath(new URL('../../../config/device-profiles', import.meta.url)));
const LATER = plus(NOON, 6 * 3600);

function throughModbus(profile: ModbusProfile, values: Values): Values {
  const [layout, image] = [imageLayout(profile), encodeImage(profile, values)];
  return decodeReplies(
    profile,
    planReads(profile).map((block) => ({ block, data: readImage(layout, block, image) as Buffer })),
  );
}

/** Half of the coarsest step in which one of the devices counts: 0.1 kWh, 10 W, 0.1 Hz, … */
function resolution(name: string): number {
  if (name.endsWith('Wh')) return 50;
  return /W|VA|Var$/.test(name) ? 5 : 0.5;
}

/** What came back of what was shown: the same, but for the device's own resolution. */
function expectSame(decoded: Values, shown: Values): void {
  const names = Object.keys(shown).filter((name) => decoded[name] !== undefined);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    const [was, is] = [shown[name], decoded[name]];
    if (typeof was !== 'number') expect(is).toBe(was);
    else expect(Math.abs(Number(is) - was)).toBeLessThanOrEqual(resolution(name) + 1e-4 * Math.abs(was));
  }
}

describe('a device profile shows what the physics say', () => {
  const limited = flexSite({ resource: { pMax: kilowatts(25), subType: 'Bars' } });
  limited.writeControl({ limitW: 3000, limitActive: true, limitValidForS: 600 }, plus(LATER, -60));

  test.each(['sunspec-213', 'sunspec-203', 'eastron-sdm630', 'carlo-gavazzi-em24', 'schneider-iem3000'])('%s', (id) => {
    const shown = limited.readMeter(LATER);
    const decoded = throughModbus(catalog.modbus(id), shown);
    expectSame(decoded, shown);
    expect(decoded).toHaveProperty('powerW');
    expect(decoded).toHaveProperty('energyImportWh');
  });

  test.each(['alfen-eve', 'abb-terra-ac'])('%s, in each of its states', (id) => {
    const states = new Set<string>();
    const station = charger({ seed: 4, stepS: 60 });
    for (let s = 0; s < 7 * 86_400; s += 1200) {
      const time = plus(NOON, s);
      if (s === 4 * 86_400 && id === 'abb-terra-ac') station.writeControl({ chargerStopped: true }, time);
      const shown = { ...station.readMeter(time), ...station.readControl(time) };
      states.add(shown.chargerState);
      expectSame(throughModbus(catalog.modbus(id), shown), shown);
    }
    expect([...states].sort()).toEqual(id === 'abb-terra-ac' ? ['A', 'B', 'C2', 'stopped'] : ['A', 'B', 'C2']);
  });

  test('flex-controller, over Modbus and MQTT, in each of its states', () => {
    const site = flexSite({ resource: { eMin: kilowattHours(200) } });
    const mqtt = catalog.mqtt('flex-controller');
    const states = new Set<string>();
    const look = (s: number): void => {
      const shown = site.readControl(plus(NOON, s));
      states.add(shown.controllerState);
      expectSame(throughModbus(catalog.modbus('flex-controller'), shown), shown);
      expectSame(decodeMessage(mqtt, 'state', encodeMessage(mqtt, 'state', shown)) ?? {}, shown);
    };
    look(0);
    site.writeControl({ limitW: 40_000, limitActive: true }, plus(NOON, 1));
    look(1);
    site.writeControl({ limitW: 1000 }, plus(NOON, 2));
    look(2);
    look(100);
    expect([...states]).toEqual(['released', 'limiting', 'overridden', 'expired']);
  });
});
