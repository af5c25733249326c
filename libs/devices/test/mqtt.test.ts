import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { isVenfleetError } from '@venfleet/core';
import fc from 'fast-check';
import {
  decodeAvailability,
  decodeCommand,
  decodeMessage,
  decodeQuery,
  deviceSubscriptionsFor,
  encodeAvailability,
  encodeCommand,
  encodeMessage,
  encodeQuery,
  expandTopic,
  identifyHeard,
  identifySpoken,
  type MqttQuery,
  matchTopic,
  subscriptionsFor,
} from '../src/index.js';
import { loadProfiles } from '../src/node/index.js';

const catalog = loadProfiles(join(dirname(fileURLToPath(import.meta.url)), '../../../config/device-profiles'));
const shelly = catalog.mqtt('shelly-pro-3em');
const tasmota = catalog.mqtt('tasmota-energy');
const flex = catalog.mqtt('flex-controller');
const query = (profile: typeof shelly, name: string) => profile.queries.get(name) as MqttQuery;

describe('topics', () => {
  test('expanding and matching are inverse, for base topics with slashes too', () => {
    expect(expandTopic('tele/{topic}/LWT', { topic: 'aarhus/bakery-1' })).toBe('tele/aarhus/bakery-1/LWT');
    expect(matchTopic('tele/{topic}/LWT', 'tele/aarhus/bakery-1/LWT')).toBe('aarhus/bakery-1');
    expect(matchTopic('tele/{topic}/LWT', 'tele/LWT')).toBeUndefined();
    expect(matchTopic('tele/{topic}/LWT', 'tele/x/SENSOR')).toBeUndefined();
  });

  test.each([['+'], ['a/#'], [''], ['a\0b'], ['x'.repeat(70_000)]])(
    'a base topic that would match more than itself is refused',
    (topic) => {
      expect(() => expandTopic('tele/{topic}/LWT', { topic })).toThrow(expect.objectContaining({ code: 'TOPIC_INVALID' }));
    },
  );

  test('an agent subscribes to what one device says, and to answers when it has a reply prefix', () => {
    expect(subscriptionsFor(shelly, { topic: 's1', client: 'a/s1' })).toEqual([
      's1/online',
      's1/status/em:0',
      's1/status/emdata:0',
      's1/events/rpc',
      'a/s1/rpc',
    ]);
    expect(subscriptionsFor(shelly, { topic: 's1' })).not.toContain('a/s1/rpc');
  });

  test('a topic tells what it is and whose', () => {
    expect(identifySpoken(shelly, 's1/events/rpc')).toEqual({
      kind: 'message',
      name: 'notify',
      template: '{topic}/events/rpc',
      placeholder: 'topic',
      value: 's1',
    });
    expect(identifySpoken(shelly, 'agent/s1/rpc')).toMatchObject({ name: 'answer', placeholder: 'client', value: 'agent/s1' });
    expect(identifyHeard(shelly, 's1/rpc')).toMatchObject({ kind: 'query', template: '{topic}/rpc', value: 's1' });
    expect(identifyHeard(tasmota, 'cmnd/b1/POWER')).toMatchObject({ kind: 'query', value: 'b1' });
    expect(identifySpoken(tasmota, 'tele/b1/LWT')).toMatchObject({ kind: 'availability', value: 'b1' });
    expect(identifyHeard(flex, 'f1/set')).toMatchObject({ kind: 'command', value: 'f1' });
    expect(identifyHeard(flex, 'f1/other')).toBeUndefined();
  });

  test('a device subscribes to what is said to it', () => {
    expect(deviceSubscriptionsFor(tasmota, 'b1')).toEqual(['cmnd/b1/Status', 'cmnd/b1/POWER']);
    expect(deviceSubscriptionsFor(flex, 'f1')).toEqual(['f1/set']);
  });

  test('availability: what is published, and what is understood', () => {
    expect([encodeAvailability(tasmota, true), encodeAvailability(tasmota, false)]).toEqual(['Online', 'Offline']);
    expect([encodeAvailability(shelly, true), encodeAvailability(shelly, false)]).toEqual(['online', 'offline']);
    expect(['Online', 'Offline', 'online', ''].map((p) => decodeAvailability(tasmota, p))).toEqual([
      true,
      false,
      undefined,
      undefined,
    ]);
    expect(decodeAvailability(shelly, Buffer.from('true'))).toBe(true);
  });
});

describe('Shelly', () => {
  const em = { currentL1A: 4.029, voltageL1V: 236.1, powerL1W: -951.2, currentNeutralA: undefined, powerW: 2484.8 };

  test('em:0 as documented, with null for what there is not', () => {
    expect(JSON.parse(encodeMessage(shelly, 'em', em))).toEqual({
      id: 0,
      user_calibrated_phase: [],
      a_current: 4.029,
      a_voltage: 236.1,
      a_act_power: -951.2,
      n_current: null,
      total_act_power: 2484.8,
    });
  });

  test('a whole message makes what it lacks unknown, and says nothing of other components', () => {
    const values = decodeMessage(shelly, 'em', encodeMessage(shelly, 'em', em));
    expect(values).toMatchObject({ ...em, powerL2W: undefined });
    expect(Object.keys(values ?? {})).not.toContain('energyImportWh');
  });

  test('a partial NotifyStatus is laid over the known status; an explicit null makes unknown', () => {
    const known = { powerW: 100, powerL1W: 50, voltageL1V: 230, energyImportWh: 7 };
    const update = decodeMessage(
      shelly,
      'notify',
      '{"src":"shellypro3em-1","dst":"s1/events","method":"NotifyStatus","params":{"ts":1.5,"em:0":{"id":0,"a_act_power":60,"a_voltage":null}}}',
    );
    expect({ ...known, ...update }).toEqual({
      powerW: 100,
      powerL1W: 60,
      voltageL1V: undefined,
      energyImportWh: 7,
      'x-em-id': 0,
    });
  });

  test('NotifyStatus brings the components that changed and no other', () => {
    const text = encodeMessage(shelly, 'notify', { energyImportWh: 12.345 }, { device: 'shellypro3em-1', topic: 's1', ts: 1.5 });
    expect(JSON.parse(text)).toEqual({
      src: 'shellypro3em-1',
      dst: 's1/events',
      method: 'NotifyStatus',
      params: { ts: 1.5, 'emdata:0': { id: 0, total_act: 12.35 } },
    });
  });

  test('other notifications and error answers are about something else', () => {
    expect(decodeMessage(shelly, 'notify', '{"method":"NotifyEvent","params":{"em:0":{"a_voltage":1}}}')).toBeUndefined();
    expect(decodeMessage(shelly, 'answer', '{"id":1,"error":{"code":404,"message":"No handler"}}')).toBeUndefined();
  });

  test('EM.GetStatus is asked and answered with the asker’s id and reply prefix', () => {
    const asked = encodeQuery(query(shelly, 'status'), { id: 1, client: 'a/s1' });
    expect(JSON.parse(asked)).toEqual({ id: 1, src: 'a/s1', method: 'EM.GetStatus', params: { id: 0 } });
    const understood = decodeQuery(shelly, '{topic}/rpc', asked);
    expect(understood).toMatchObject({ query: { name: 'status', answer: 'answer' }, parameters: { id: 1, client: 'a/s1' } });
    const answer = encodeMessage(shelly, 'answer', em, { ...understood?.parameters, device: 'shellypro3em-1' });
    expect(JSON.parse(answer)).toMatchObject({
      id: 1,
      src: 'shellypro3em-1',
      dst: 'a/s1',
      result: { id: 0, total_act_power: 2484.8 },
    });
    expect(decodeMessage(shelly, 'answer', answer)).toMatchObject(em);
  });

  test('a method that the device does not know is no query of it', () => {
    expect(decodeQuery(shelly, '{topic}/rpc', '{"id":1,"src":"a","method":"Shelly.Reboot"}')).toBeUndefined();
    expect(decodeQuery(shelly, '{topic}/rpc', '{"id":1,"src":"a","method":"EM.GetStatus","params":{"id":1}}')).toBeUndefined();
    expect(() => decodeQuery(shelly, '{topic}/rpc', '{"id":1')).toThrow(expect.objectContaining({ code: 'PAYLOAD_MALFORMED' }));
  });
});

describe('Tasmota', () => {
  test('one phase is plain numbers, kWh become Wh, Time is not looked at', () => {
    const text =
      '{"Time":"2023-12-18T09:03:50","ENERGY":{"TotalStartTime":"2022-01-01T00:00:00","Total":12.345,"Yesterday":1,"Today":0.5,"Period":3,"Power":27,"ApparentPower":29,"ReactivePower":11,"Factor":0.94,"Frequency":50,"Voltage":234,"Current":0.122}}';
    expect(decodeMessage(tasmota, 'sensor', text)).toMatchObject({
      energyImportWh: 12_345,
      powerW: 27,
      powerL1W: 27,
      powerL2W: undefined,
      powerFactorL1: 0.94,
      voltageL1V: 234,
      currentA: 0.122,
    });
  });

  test('several phases are arrays: each phase, and their sum unless one is unknown', () => {
    const text = '{"Time":"x","ENERGY":{"Total":1,"Power":[10,20,-5],"Voltage":[230,231,232],"Current":[1,null,3]}}';
    const values = decodeMessage(tasmota, 'sensor', text);
    expect(values).toMatchObject({ powerW: 25, powerL3W: -5, voltageL2V: 231, currentA: undefined, currentL3A: 3 });
  });

  test('SENSOR is written in the order and units of the device', () => {
    const values = { energyImportWh: 12_345.6, powerW: 27.4, voltageL1V: 229.6, currentL1A: 0.1224 };
    expect(encodeMessage(tasmota, 'sensor', values, { time: '2026-01-15T06:00:00' })).toBe(
      '{"Time":"2026-01-15T06:00:00","ENERGY":{"TotalStartTime":"2026-01-01T00:00:00","Total":12.346,"Power":27,"Voltage":230,"Current":0.122}}',
    );
    expect(
      JSON.parse(encodeMessage(tasmota, 'sensor', { powerL1W: 1, powerL2W: 2, powerL3W: 3 }, { time: 't' })).ENERGY.Power,
    ).toEqual([1, 2, 3]);
  });

  test('Status 8 is asked by text and answered under StatusSNS', () => {
    expect(encodeQuery(query(tasmota, 'status'))).toBe('8');
    expect(decodeQuery(tasmota, 'cmnd/{topic}/Status', Buffer.from(' 8 '))?.query.answer).toBe('status');
    expect(decodeQuery(tasmota, 'cmnd/{topic}/Status', '0')).toBeUndefined();
    const answer = encodeMessage(tasmota, 'status', { powerW: 5 }, { time: 't' });
    expect(JSON.parse(answer)).toMatchObject({ StatusSNS: { Time: 't', ENERGY: { Power: 5 } } });
    expect(decodeMessage(tasmota, 'status', answer)).toMatchObject({ powerW: 5 });
  });

  test('the relay is switched by text and tells its state', () => {
    expect(decodeQuery(tasmota, 'cmnd/{topic}/POWER', 'off')?.query.name).toBe('power-off');
    expect(decodeQuery(tasmota, 'cmnd/{topic}/POWER', '')?.query.name).toBe('power');
    expect(encodeMessage(tasmota, 'power', { 'x-relay': 'OFF' })).toBe('{"POWER":"OFF"}');
  });
});

describe('flex-controller', () => {
  test('a command sets some controls at once, in JSON', () => {
    const text = encodeCommand(flex, { limitW: 25_000, limitActive: true, limitValidForS: 60 });
    expect(JSON.parse(text)).toEqual({ limitW: 25_000, active: true, validForS: 60 });
    expect(decodeCommand(flex, text)).toEqual({ ok: true, values: { limitW: 25_000, limitActive: true, limitValidForS: 60 } });
  });

  test.each([
    ['{"limitW":-1}'],
    ['{"limitW":"5"}'],
    ['{"limitW":null}'],
    ['{"active":1}'],
    ['{"limitW":5,"speed":1}'],
    ['{}'],
    ['[]'],
    ['{"limitW":5'],
  ])('the device refuses %s as a whole, with a reason', (text) => {
    expect(decodeCommand(flex, text)).toEqual({ ok: false, reason: expect.any(String) });
  });

  test('an agent cannot send what is out of range or of another kind', () => {
    expect(() => encodeCommand(flex, { limitW: -1 })).toThrow(expect.objectContaining({ code: 'CONTROL_OUT_OF_RANGE' }));
    expect(() => encodeCommand(flex, { limitActive: 1 })).toThrow(expect.objectContaining({ code: 'VALUE_INVALID' }));
    expect(() => encodeCommand(flex, { limitA: 1 })).toThrow(expect.objectContaining({ code: 'CONTROL_UNKNOWN' }));
  });

  test('the state mirrors the registers; no limit is null', () => {
    const values = { appliedLimitW: undefined, controllerState: 'released', limitTimeLeftS: 12.4, fallbackLimitW: undefined };
    expect(JSON.parse(encodeMessage(flex, 'state', values))).toEqual({
      active: false,
      validForS: 60,
      appliedLimitW: null,
      state: 'released',
      secondsLeft: 12,
      fallbackLimitW: null,
    });
  });
});

describe('payloads that are not what they should be', () => {
  test.each([['{"ENERGY":{"Power":27'], [''], ['nan'], ['[]'], ['null'], ['27'], [`{"a":"${'x'.repeat(70_000)}"}`]])(
    'malformed: a typed error, never a number (%#)',
    (text) => {
      expect(() => decodeMessage(tasmota, 'sensor', text)).toThrow(expect.objectContaining({ code: 'PAYLOAD_MALFORMED' }));
    },
  );

  test.each([['"27"'], ['true'], ['{}'], ['[1,"2"]'], ['1e999']])('a power of %s is refused, naming its path', (json) => {
    const decode = () => decodeMessage(tasmota, 'sensor', `{"ENERGY":{"Power":${json}}}`);
    expect(decode).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_INVALID', context: expect.objectContaining({ path: 'ENERGY.Power' }) }),
    );
  });

  test('NaN and infinities become null', () => {
    const text = encodeMessage(
      tasmota,
      'status',
      { powerW: Number.NaN, energyImportWh: Number.POSITIVE_INFINITY },
      { time: 't' },
    );
    expect(JSON.parse(text).StatusSNS.ENERGY).toMatchObject({ Power: null, Total: null });
  });

  test('any truncation or mutation of a payload gives values or a typed error, and only finite numbers', () => {
    const whole = encodeMessage(shelly, 'em', { powerW: 5, powerL1W: 1.5, voltageL1V: 230.1 });
    fc.assert(
      fc.property(fc.nat(whole.length), fc.string({ maxLength: 4 }), fc.nat(6), (at, junk, drop) => {
        try {
          const values = decodeMessage(shelly, 'em', whole.slice(0, at) + junk + whole.slice(at + drop)) ?? {};
          for (const value of Object.values(values)) expect(typeof value !== 'number' || Number.isFinite(value)).toBe(true);
        } catch (error) {
          expect(isVenfleetError(error, 'PAYLOAD_MALFORMED', 'PAYLOAD_INVALID')).toBe(true);
        }
      }),
    );
  });

  test('any values go through a message and back, to the device’s decimals', () => {
    const power = fc.double({ min: -1e5, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(power, fc.double({ min: 0, max: 1e7, noNaN: true }), (powerW, energyImportWh) => {
        const decoded = decodeMessage(
          tasmota,
          'sensor',
          encodeMessage(tasmota, 'sensor', { powerW, energyImportWh }, { time: 't' }),
        );
        expect(Math.abs((decoded?.powerW as number) - powerW)).toBeLessThanOrEqual(0.5);
        expect(Math.abs((decoded?.energyImportWh as number) - energyImportWh)).toBeLessThanOrEqual(0.5000001);
      }),
    );
  });

  test('an unknown message, or a parameter that is not given, is named', () => {
    expect(() => decodeMessage(shelly, 'nothing', '{}')).toThrow(expect.objectContaining({ code: 'MESSAGE_UNKNOWN' }));
    expect(() => encodeMessage(shelly, 'notify', {}, { topic: 's1', ts: 1 })).toThrow(
      expect.objectContaining({ code: 'PARAMETER_MISSING' }),
    );
  });
});
