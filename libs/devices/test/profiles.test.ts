import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import {
  type ControlRules,
  checkProbe,
  decodeCommand,
  decodeMessage,
  decodeReplies,
  decodeWrite,
  discoverSunSpec,
  encodeCommand,
  encodeControl,
  encodeImage,
  encodeMessage,
  imageLayout,
  type ModbusProfile,
  type MqttProfile,
  type PointValue,
  planReads,
  quantityOf,
  READ_FUNCTION,
  readImage,
  writeImage,
} from '../src/index.js';
import { loadProfiles } from '../src/node/index.js';

const catalog = loadProfiles(join(dirname(fileURLToPath(import.meta.url)), '../../../config/device-profiles'));
const modbus = catalog.all.filter((p): p is ModbusProfile => p.kind === 'modbus').map((p) => [p.id, p] as const);
const mqtt = catalog.all.filter((p): p is MqttProfile => p.kind === 'mqtt').map((p) => [p.id, p] as const);

test('the sample fleet finds every profile that it names, flex-controller over both transports', () => {
  const overModbus = [
    'sunspec-213',
    'sunspec-203',
    'schneider-iem3000',
    'eastron-sdm630',
    'carlo-gavazzi-em24',
    'alfen-eve',
    'abb-terra-ac',
    'flex-controller',
  ];
  for (const id of overModbus) expect(catalog.modbus(id).id).toBe(id);
  for (const id of ['shelly-pro-3em', 'tasmota-energy', 'flex-controller']) expect(catalog.mqtt(id).id).toBe(id);
});

/** A value for a point that its register holds exactly, different for each point. */
function sampleValue(name: string, initial: PointValue | undefined, index: number): PointValue {
  if (initial !== undefined && typeof initial !== 'boolean') return initial;
  const quantity = quantityOf(name);
  if (quantity?.kind === 'flag') return index % 2 === 0;
  if (quantity?.kind === 'text') return `T${index}`;
  // Multiples of 1000 are whole steps in each profile, and exact as float32.
  if (name.startsWith('energy')) return 1000 * (index + 1);
  if (name.startsWith('powerFactor')) return (index + 1) / 100;
  return quantity?.kind === 'number' && quantity.unit === 'W' ? 500 * (index + 1) : index + 1;
}

function controlSample(control: ControlRules): PointValue {
  if (control.quantity?.kind === 'flag') return true;
  return Math.ceil(((control.min ?? 0) + (control.max ?? 0)) / 2);
}

describe.each(modbus)('%s over Modbus', (_, profile) => {
  const layout = imageLayout(profile);
  const points = [...profile.points.values()];

  test('each point and control lies in a table that its function codes reach, within 65,536', () => {
    for (const { address, registers, table } of [...points, ...profile.controls.values()]) {
      expect(address + registers).toBeLessThanOrEqual(0x10000);
      expect([1, 2, 3, 4]).toContain(READ_FUNCTION[table]);
    }
  });

  test('a plan reads each point once, whole, within the device’s limits', () => {
    const blocks = planReads(profile);
    expect(blocks.flatMap((b) => b.points.map((p) => p.name)).sort()).toEqual([...profile.points.keys()].sort());
    for (const block of blocks) {
      expect(block.count).toBeLessThanOrEqual(profile.transport.maxRegisters);
      for (const point of block.points) {
        expect(point.address).toBeGreaterThanOrEqual(block.address);
        expect(point.address + point.registers).toBeLessThanOrEqual(block.address + block.count);
      }
    }
  });

  test('every point’s value comes back from the image through the plan', () => {
    const values = Object.fromEntries(points.map((p, i) => [p.name, sampleValue(p.name, p.initial, i)]));
    const image = encodeImage(profile, values);
    const replies = planReads(profile).map((block) => ({ block, data: readImage(layout, block, image) as Buffer }));
    expect(decodeReplies(profile, replies)).toMatchObject(values);
  });

  test('a new device tells its initial values and nothing else', () => {
    const image = encodeImage(profile);
    const replies = planReads(profile).map((block) => ({ block, data: readImage(layout, block, image) as Buffer }));
    const values = decodeReplies(profile, replies);
    for (const point of points) expect([point.name, values[point.name]]).toEqual([point.name, point.initial]);
  });

  test('images of two devices in one slab do not touch each other', () => {
    const slab = Buffer.alloc(3 * layout.byteLength, 0x77);
    const values = Object.fromEntries(points.map((p, i) => [p.name, sampleValue(p.name, p.initial, i)]));
    slab.set(encodeImage(profile), layout.byteLength);
    writeImage(profile, values, slab, layout.byteLength);
    expect(slab.subarray(0, layout.byteLength).every((b) => b === 0x77)).toBe(true);
    expect(slab.subarray(2 * layout.byteLength).every((b) => b === 0x77)).toBe(true);
    expect(slab.subarray(layout.byteLength, 2 * layout.byteLength)).toEqual(encodeImage(profile, values));
  });

  test('every control’s value comes back from the write, and its registers are the device’s', () => {
    for (const control of profile.controls.values()) {
      const value = controlSample(control);
      const request = encodeControl(profile, control.name, value);
      expect(decodeWrite(profile, request)).toEqual({ ok: true, values: { [control.name]: value } });
      expect(readImage(layout, request, encodeImage(profile))).toHaveLength(request.data.length);
    }
  });

  test('the device is proven: its probe by registers of its own, or its models by discovery', async () => {
    const values = { frequencyHz: 50, voltageL1V: 230 };
    const image = encodeImage(profile, values);
    const read = async (address: number, count: number) => readImage(layout, { table: 'holding', address, count }, image);
    if (profile.sunspec !== undefined) expect(await discoverSunSpec(read)).toEqual(profile.sunspec);
    if (profile.probe === undefined) return;
    const { probe } = profile;
    const block = { table: probe.table, address: probe.address, count: probe.registers };
    expect(checkProbe(probe, readImage(layout, block, image) as Buffer).ok).toBe(true);
    expect(checkProbe(probe, Buffer.alloc(probe.registers * 2)).ok).toBe(false);
  });
});

/** Written down from the vendors' documents, not computed: a profile cannot agree with itself alone. */
test.each([
  ['sunspec-213', 'holding', 40098, { powerW: -1500 }, 'c4bb8000'],
  ['sunspec-213', 'holding', 40000, {}, '53756e53'],
  ['sunspec-213', 'holding', 40070, {}, '00d5007c'],
  ['sunspec-213', 'holding', 40196, {}, 'ffff0000'],
  ['sunspec-203', 'holding', 40088, { powerW: 12_340 }, '04d2'],
  ['sunspec-203', 'holding', 40078, { voltageL1V: 230.1 }, '08fd'],
  ['sunspec-203', 'holding', 40116, { energyImportWh: 65_537 }, '00010001'],
  ['eastron-sdm630', 'input', 0x00, { voltageL1V: 230.5 }, '43668000'],
  ['eastron-sdm630', 'input', 0x48, { energyImportWh: 12_500 }, '41480000'],
  ['carlo-gavazzi-em24', 'input', 0x00, { voltageL1V: 230.1 }, '08fd0000'],
  ['carlo-gavazzi-em24', 'input', 0x28, { powerW: -0.1 }, 'ffffffff'],
  ['carlo-gavazzi-em24', 'input', 0x33, { frequencyHz: 50 }, '01f4'],
  ['schneider-iem3000', 'holding', 0x0bf3, { powerW: 12_500 }, '41480000'],
  ['schneider-iem3000', 'holding', 0x0c83, { energyImportWh: 65_537 }, '0000000000010001'],
  ['alfen-eve', 'holding', 374, { energyImportWh: 1 }, '3ff0000000000000'],
  ['alfen-eve', 'holding', 1201, { chargerState: 'C2' }, '43320000000000000000'],
  ['alfen-eve', 'holding', 1208, { limitTimeLeftS: 60 }, '0000003c'],
  ['abb-terra-ac', 'holding', 0x400c, { chargerState: 'C2' }, '00000400'],
  ['abb-terra-ac', 'holding', 0x4010, { currentL1A: 16 }, '00003e80'],
  ['flex-controller', 'holding', 10, { limitW: 25_000, limitActive: true, limitValidForS: 60 }, '000061a80001003c'],
  ['flex-controller', 'holding', 20, {}, 'ffffffff00000000ffffffff'],
] as const)('%s answers %s %d with %p as the document says', (id, table, address, values, hex) => {
  const profile = catalog.modbus(id);
  const block = { table, address, count: hex.length / 4 };
  expect(readImage(imageLayout(profile), block, encodeImage(profile, values))?.toString('hex')).toBe(hex);
});

test.each([
  ['alfen-eve', 'limitA', 16, { fc: 16, address: 1210 }, '41800000'],
  ['alfen-eve', 'phasesInUse', 1, { fc: 6, address: 1215 }, '0001'],
  ['abb-terra-ac', 'limitA', 16, { fc: 16, address: 0x4100 }, '00003e80'],
  ['abb-terra-ac', 'chargerStopped', true, { fc: 6, address: 0x4105 }, '0001'],
  ['abb-terra-ac', 'limitValidForS', 60, { fc: 6, address: 0x4106 }, '003c'],
] as const)('%s is told %s = %p as the document says', (id, name, value, place, hex) => {
  const request = encodeControl(catalog.modbus(id), name, value);
  expect(request).toMatchObject(place);
  expect(request.data.toString('hex')).toBe(hex);
});

describe.each(mqtt)('%s over MQTT', (_, profile) => {
  const parameters = { topic: 'site/1', client: 'agent/1', id: 7, device: 'device-1', time: '2026-01-15T06:00:00', ts: 1.5 };

  test('every point’s value comes back from a message that carries it', () => {
    const values = Object.fromEntries([...profile.points.values()].map((p, i) => [p.name, sampleValue(p.name, p.initial, i)]));
    for (const prefix of ['power', 'apparentPower', 'reactivePower', 'current'] as const) sumUp(values, prefix);
    const seen = new Set<string>();
    for (const message of profile.messages.values()) {
      const decoded = decodeMessage(profile, message.name, encodeMessage(profile, message.name, values, parameters)) ?? {};
      for (const [name, value] of Object.entries(decoded)) {
        expect([name, value]).toEqual([name, values[name]]);
        seen.add(name);
      }
    }
    expect([...seen].sort()).toEqual([...profile.points.keys()].sort());
  });

  test('every control’s value comes back from the command', () => {
    if (profile.controls.size === 0) return;
    const values = Object.fromEntries([...profile.controls.values()].map((c) => [c.name, controlSample(c)]));
    expect(decodeCommand(profile, encodeCommand(profile, values))).toEqual({ ok: true, values });
  });
});

/** A total that a device does not send beside its phases is their sum. */
function sumUp(values: Record<string, PointValue>, prefix: string): void {
  const name = Object.keys(values).find((n) => new RegExp(`^${prefix}(W|VA|Var|A)$`).test(n));
  const phases = Object.keys(values).filter((n) => new RegExp(`^${prefix}L[123](W|VA|Var|A)$`).test(n));
  if (name !== undefined && phases.length > 0) values[name] = phases.reduce((sum, phase) => sum + (values[phase] as number), 0);
}
