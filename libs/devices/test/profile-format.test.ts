import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isVenfleetError } from '@venfleet/core';
import { loadProfile, loadProfiles } from '../src/node/index.js';
import { modbusMistakes, modbusProfile, mqttMistakes } from './make-profile.js';

const power = { name: 'powerW', table: 'input', address: 0, type: 'float32', unit: 'W' };
const factor = { name: 'x-sf', table: 'holding', address: 9, type: 'sunssf', initial: 0 };
const limit = { name: 'limitA', fc: 16, address: 20, type: 'float32', unit: 'A', min: 0, max: 32 };

describe('a Modbus profile refuses', () => {
  const rows: [string, Record<string, unknown>, string][] = [
    [
      'a name that is not canonical',
      { points: [{ ...power, name: 'watts' }] },
      'points.0.name: "watts" is no canonical quantity',
    ],
    ['an unknown unit', { points: [{ ...power, unit: 'PS' }] }, 'points.0.unit: unknown unit "PS"'],
    [
      'a unit of another dimension',
      { points: [{ ...power, unit: 'Wh' }] },
      'points.0.unit: Wh is no unit for powerW, which is in W',
    ],
    [
      'a number without a unit',
      { points: [{ ...power, unit: undefined }] },
      'points.0.name: powerW needs a unit that is convertible to W',
    ],
    [
      'a bit among registers',
      { points: [{ ...power, name: 'x-bit', unit: undefined, type: 'bool' }] },
      'points.0.type: bool does not fit the input table',
    ],
    ['a register among bits', { points: [{ ...power, table: 'coil' }] }, 'points.0.type: float32 does not fit the coil table'],
    ['a length that does not fit', { points: [{ ...power, length: 4 }] }, 'points.0.length: 4 registers do not fit float32'],
    [
      'a string without a length',
      { points: [{ name: 'model', table: 'input', address: 0, type: 'string' }] },
      'points.0.type: a string needs a length',
    ],
    [
      'a text quantity in a number',
      { points: [{ ...power, name: 'chargerState', unit: undefined }] },
      'points.0.type: chargerState is a text',
    ],
    ['an address out of range', { points: [{ ...power, address: 65536 }] }, 'points.0.address: Too big'],
    ['a value that ends out of range', { points: [{ ...power, address: 65535 }] }, 'points.0.address: ends beyond address 65535'],
    ['a scaleRef to nothing', { points: [{ ...power, scaleRef: 'x-sf' }] }, 'points.0.scaleRef: no point is called x-sf'],
    [
      'a scaleRef to no scale factor',
      { points: [{ ...power, scaleRef: 'powerW' }] },
      'points.0.scaleRef: powerW is float32, not sunssf',
    ],
    [
      'scale and scaleRef',
      { points: [{ ...power, scale: 2, scaleRef: 'x-sf' }, factor] },
      'points.0.scale: scale and scaleRef exclude each other',
    ],
    [
      'a scale factor that is scaled',
      { points: [{ ...factor, scaleRef: 'x-sf' }] },
      'points.0.type: a scale factor is not scaled itself',
    ],
    ['scale 0', { points: [{ ...power, scale: 0 }] }, 'points.0.scale: must not be 0'],
    [
      'an enum of a float',
      { points: [{ ...power, name: 'chargerState', unit: undefined, enum: { 0: 'A' } }] },
      'points.0.enum: an enum needs a whole-number type',
    ],
    [
      'an enum number that does not fit',
      { points: [{ ...power, name: 'chargerState', unit: undefined, type: 'uint16', enum: { 70000: 'A' } }] },
      'points.0.enum: 70000 does not fit uint16',
    ],
    [
      'an invalid that does not fit',
      { points: [{ ...power, type: 'uint16', invalid: -1 }] },
      'points.0.invalid: -1 does not fit uint16',
    ],
    [
      'an invalid text',
      { points: [{ name: 'model', table: 'input', address: 0, type: 'string', length: 2, invalid: 0 }] },
      'points.0.invalid: a string has no invalid number',
    ],
    [
      'a point that must have a value without one',
      { points: [{ ...power, type: 'uint16', invalid: [] }] },
      'points.0.invalid: a point that always has a value needs initial',
    ],
    ['a mask of a signed number', { points: [{ ...power, type: 'int16', mask: 1 }] }, 'points.0.mask: does not fit int16'],
    ['a duplicate name', { points: [power, { ...power, address: 2 }] }, 'points.1.name: powerW is already in points.0'],
    [
      'an overlap',
      { points: [power, { ...power, name: 'powerL1W', address: 1 }] },
      'points.1.address: powerL1W overlaps powerW in the input table',
    ],
    ['an initial of another kind', { points: [{ ...power, initial: 'five' }] }, 'points.0.initial: must be a number'],
    [
      'a value longer than a read',
      { points: [power], transport: { maxRegisters: 1 } },
      'points.0.length: 2 registers cannot be read at once',
    ],
    [
      'a monotonic text',
      { points: [{ name: 'model', table: 'input', address: 0, type: 'string', length: 2, monotonic: true }] },
      'points.0.monotonic: only a canonical number',
    ],
    [
      'a model that is not laid out',
      { points: [{ ...power, table: 'holding', model: 7 }] },
      'points.0.model: sunspec.models has no model 7',
    ],
    [
      'a function code that does not fit',
      { points: [power], controls: [{ ...limit, fc: 6 }] },
      'controls.0.fc: function code 6 writes one register, float32 takes 2',
    ],
    [
      'a coil function code for a register',
      { points: [power], controls: [{ ...limit, fc: 5 }] },
      'controls.0.fc: function code 5 does not write float32',
    ],
    [
      'a function code that does not write',
      { points: [power], controls: [{ ...limit, fc: 3 }] },
      'controls.0.fc: must be 5, 6, 15 or 16',
    ],
    [
      'a readback of nothing',
      { points: [power], controls: [{ ...limit, readback: 'limitA' }] },
      'controls.0.readback: no point is called limitA',
    ],
    [
      'a number without limits',
      { points: [power], controls: [{ ...limit, max: undefined }] },
      'controls.0.name: a number that is written needs min and max',
    ],
    ['min above max', { points: [power], controls: [{ ...limit, min: 40 }] }, 'controls.0.min: 40 is above max 32'],
    [
      'a max that the register cannot hold',
      { points: [power], controls: [{ ...limit, type: 'uint16', unit: 'mA', max: 66 }] },
      'controls.0.max: 66 does not fit uint16',
    ],
    ['a mask of a control', { points: [power], controls: [{ ...limit, mask: 1 }] }, 'controls.0: Unrecognized key: "mask"'],
    [
      'a keepalive without a fallback',
      { points: [power], controls: [{ ...limit, keepaliveS: 25 }] },
      'controls.0.keepaliveS: needs a fallback',
    ],
    [
      'half a fallback',
      { points: [power], controls: [{ ...limit, keepaliveS: 25, fallback: { value: 6 } }] },
      'controls.0.fallback.after: ',
    ],
    [
      'a keepalive that is too late',
      { points: [power], controls: [{ ...limit, keepaliveS: 25, fallback: { value: 6, after: 20 } }] },
      "controls.0.keepaliveS: must be shorter than the fallback's 20 s",
    ],
    [
      'a fallback that no point tells',
      { points: [power], controls: [{ ...limit, keepaliveS: 9, fallback: { value: 'fallbackLimitA', after: 20 } }] },
      'controls.0.fallback: value: no point is called fallbackLimitA',
    ],
    [
      'a control across a point',
      { points: [{ ...power, table: 'holding', address: 21 }], controls: [limit] },
      'points.0.address: powerW overlaps limitA in the holding table',
    ],
    [
      'a derived value of unknown parts',
      { points: [power], derived: [{ name: 'currentA', sum: ['currentL1A', 'currentL2A'] }] },
      'derived.0.sum: no point is called currentL1A',
    ],
    [
      'a derived value of other units',
      { points: [power], derived: [{ name: 'currentA', difference: ['powerW', 'powerW'] }] },
      'derived.0.difference: powerW is not in A as currentA is',
    ],
    [
      'a probe that expects another kind',
      { points: [power], probe: { table: 'input', address: 0, type: 'uint16', expect: 'SDM' } },
      'probe.expect: does not fit uint16',
    ],
    ['an unknown key anywhere', { points: [{ ...power, gain: 2 }] }, 'points.0: Unrecognized key: "gain"'],
    ['an unknown version', { version: 2, points: [power] }, 'version: Invalid input: expected 1'],
    ['an id that is no name', { id: 'Mein Zähler', points: [power] }, 'id: must be lower-case words'],
  ];
  test.each(rows)('%s', (_, parts, expected) => {
    expect(modbusMistakes(parts).filter((m) => m.startsWith(expected))).toHaveLength(1);
  });

  test('a SunSpec point over a header, outside its model, or a probe beside discovery', () => {
    const sunspec = { base: 40000, models: [{ id: 213, length: 124 }] };
    const point = { ...power, table: 'holding', model: 213 };
    expect(modbusMistakes({ sunspec, points: [{ ...point, address: 1 }] })).toEqual([
      'points.0.address: powerW overlaps a SunSpec header in the holding table',
    ]);
    expect(modbusMistakes({ sunspec, points: [{ ...point, address: 125 }] })).toEqual(
      expect.arrayContaining(['points.0.address: ends beyond model 213 of 124 registers']),
    );
    expect(
      modbusMistakes({
        sunspec,
        points: [{ ...point, address: 2 }],
        probe: { table: 'holding', address: 0, type: 'uint16', expect: 1 },
      }),
    ).toEqual(['probe: a SunSpec device is proven by discovery, wherever its models stand']);
  });
});

test('a reference to an entry that is refused itself is no second mistake', () => {
  const points = [
    { ...power, scaleRef: 'x-sf' },
    { ...factor, table: 'attic' },
  ];
  expect(modbusMistakes({ points }).map((m) => m.split(':')[0])).toEqual(['points.1.table']);
});

describe('a Modbus profile accepts', () => {
  test('masked fields that share a register, and a point that is written too', () => {
    const field = { name: 'x-low', table: 'holding', address: 1, type: 'uint16', mask: 0x00ff };
    const profile = modbusProfile({
      points: [
        field,
        { ...field, name: 'x-high', mask: 0xff00 },
        { name: 'limitA', table: 'holding', address: 20, type: 'float32', unit: 'A' },
      ],
      controls: [limit],
    });
    expect([...profile.points.keys()]).toEqual(['x-low', 'x-high', 'limitA']);
    expect(modbusMistakes({ points: [field, { ...field, name: 'x-high', mask: 0x0180 }] })).toHaveLength(1);
  });

  test('int16 0x8000 as printed: the bits, not the number', () => {
    const profile = modbusProfile({ points: [{ ...power, type: 'int16', invalid: 0x8001 }] });
    expect(profile.points.get('powerW')?.codec?.decode(Buffer.from('8001', 'hex'), 0)).toBeUndefined();
  });
});

describe('an MQTT profile refuses', () => {
  const message = { name: 'state', topic: '{topic}/state' };
  const point = { name: 'powerW', path: 'power', unit: 'W' };
  const parts = { messages: [message], points: [point] };
  const rows: [string, Record<string, unknown>, string][] = [
    [
      'an unknown topic placeholder',
      { ...parts, messages: [{ ...message, topic: '{prefix}/state' }] },
      'messages.0.topic: unknown placeholder {prefix}',
    ],
    [
      'a topic without a placeholder',
      { ...parts, messages: [{ ...message, topic: 'state' }] },
      'messages.0.topic: must have exactly one placeholder',
    ],
    [
      'a topic with a wildcard',
      { ...parts, messages: [{ ...message, topic: '{topic}/#' }] },
      'messages.0.topic: must not contain + or #',
    ],
    [
      'an unknown payload placeholder',
      { ...parts, messages: [{ ...message, template: { at: '{now}' } }] },
      'messages.0.template.at: unknown placeholder {now}',
    ],
    [
      'a point that no message brings',
      { ...parts, messages: [{ ...message, into: 'em' }] },
      'points.0.path: no message brings power',
    ],
    [
      'two points of one path',
      { ...parts, points: [point, { ...point, name: 'powerL1W' }] },
      'points.1.path: power is already in points.0',
    ],
    [
      'an answer that is no message',
      { ...parts, queries: [{ name: 'q', topic: '{topic}/q', payload: '', answer: 'a' }] },
      'queries.0.answer: no message is called a',
    ],
    [
      'a control without a command topic',
      { ...parts, controls: [{ name: 'limitW', path: 'limit', unit: 'W', min: 0, max: 1 }] },
      'controls.0.name: a control needs command',
    ],
    [
      'a command topic without controls',
      { ...parts, command: { topic: '{topic}/set' } },
      'command: there are no controls to send',
    ],
    ['a wrong unit', { ...parts, points: [{ ...point, unit: 'A' }] }, 'points.0.unit: A is no unit for powerW'],
    [
      'a phase of a text',
      { ...parts, points: [{ name: 'model', path: 'model', phase: 1 }] },
      'points.0.phase: only a canonical number has phases',
    ],
  ];
  test.each(rows)('%s', (_, file, expected) => {
    expect(mqttMistakes(file).filter((m) => m.startsWith(expected))).toHaveLength(1);
  });
});

describe('files', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'venfleet-profiles-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const head = 'version: 1\nkind: modbus\nid: one\nvendor: V\nmodel: M\nsource: { page: p }\nverified: doc\n';
  const write = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const failure = (load: () => unknown) => {
    try {
      load();
    } catch (error) {
      if (isVenfleetError(error)) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  };

  test('every mistake of a file is told at once with its line, those of the schema and those between entries', () => {
    const path = write(
      'bad.yaml',
      `${head}speed: 9\npoints:\n  - { name: powerW, table: input, address: 0, type: float32, unit: W }\n  - { name: powerL1W, table: input, address: 1, type: float32, unit: W }\n  - { name: powerL2W, table: attic, address: 8, type: float32, unit: W }\n`,
    );
    const error = failure(() => loadProfile(path));
    expect(error.code).toBe('CONFIG_INVALID');
    expect([...error.details].sort()).toEqual([
      `${path}:11: points.1.address: powerL1W overlaps powerW in the input table`,
      expect.stringContaining(`${path}:12: points.2.table: `),
      `${path}:8: speed: unknown key`,
    ]);
  });

  test('a directory tells the mistakes of all its files, and an id that is taken', () => {
    const point = 'points: [{ name: powerW, table: input, address: 0, type: float32, unit: W }]\n';
    write('a.yaml', head + point);
    write('b.yaml', head + point);
    write('c.yml', 'kind: [');
    const error = failure(() => loadProfiles(directory));
    expect(error.code).toBe('PROFILES_INVALID');
    expect(error.details[0]).toBe(`${join(directory, 'b.yaml')}:3: id: one is already the modbus profile in a.yaml`);
    expect(error.details.some((d) => d.startsWith(join(directory, 'c.yml')))).toBe(true);
  });

  test('a file that is no profile at all is refused with reasons', () => {
    for (const text of ['', '[]', '7', 'kind: zigbee', 'kind: modbus\npoints: 5']) {
      expect(failure(() => loadProfile(write('odd.yaml', text))).details.length).toBeGreaterThan(0);
    }
  });

  test('a missing or empty directory, and an unknown id, are named', () => {
    expect(failure(() => loadProfiles(join(directory, 'none'))).code).toBe('FILE_UNREADABLE');
    expect(failure(() => loadProfiles(directory)).code).toBe('PROFILES_INVALID');
    write('a.yaml', `${head}points: [{ name: powerW, table: input, address: 0, type: float32, unit: W }]\n`);
    const catalog = loadProfiles(directory);
    expect(catalog.modbus('one').vendor).toBe('V');
    expect(failure(() => catalog.modbus('two')).hint).toBe('use one of one');
    expect(failure(() => catalog.mqtt('one')).code).toBe('PROFILE_UNKNOWN');
  });
});
