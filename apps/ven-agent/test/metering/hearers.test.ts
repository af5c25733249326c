import { describe, expect, test } from '@jest/globals';
import { subscriptionsFor } from '@venfleet/devices';
import { Hearers } from '../../src/metering/mqtt/hearers.js';
import { readingPart } from '../../src/metering/mqtt/reading-part.js';
import { catalog } from './support.js';

const shelly = catalog.mqtt('shelly-pro-3em');
const tasmota = catalog.mqtt('tasmota-energy');

const hearing = (hearers: Hearers<string>, topic: string) =>
  [...hearers.on(topic)].map(({ hearer, spoken }) => [hearer, spoken.name]);

describe('who hears on a topic', () => {
  test('is whoever subscribed to it, for every topic of every device', () => {
    const hearers = new Hearers<string>();
    hearers.add('s1', shelly, 'dk/s1', 'agent/1');
    hearers.add('s2', shelly, 'dk/s2', 'agent/2');
    hearers.add('t', tasmota, 'b1');
    const topics = [...hearers.subscriptions()].map(({ topic }) => topic);
    const all = [
      ...subscriptionsFor(shelly, { topic: 'dk/s1', client: 'agent/1' }).map((topic) => ['s1', topic] as const),
      ...subscriptionsFor(shelly, { topic: 'dk/s2', client: 'agent/2' }).map((topic) => ['s2', topic] as const),
      ...subscriptionsFor(tasmota, { topic: 'b1' }).map((topic) => ['t', topic] as const),
    ];
    expect(topics.sort()).toEqual(all.map(([, topic]) => topic).sort());
    for (const [device, topic] of all) expect(hearing(hearers, topic).map(([hearer]) => hearer)).toEqual([device]);
  });

  test('is nobody where the device is another, or an answer is not ours', () => {
    const hearers = new Hearers<string>();
    hearers.add('s1', shelly, 'dk/s1', 'agent/1');
    for (const topic of ['dk/s3/online', 'dk/s1/rpc', 'agent/1/online', 'online', 'dk/s1/status/other']) {
      expect(hearing(hearers, topic)).toEqual([]);
    }
    expect(hearing(hearers, 'agent/1/rpc')).toEqual([['s1', 'answer']]);
  });

  test('is each of two devices for which one topic means something else', () => {
    const hearers = new Hearers<string>();
    const nested = { ...shelly, availability: { ...shelly.availability, topic: '{topic}/status/em:0/online' } };
    hearers.add('outer', nested, 'a');
    hearers.add('inner', shelly, 'a/status/em:0');
    expect(hearing(hearers, 'a/status/em:0/online')).toEqual([
      ['outer', undefined],
      ['inner', undefined],
    ]);
  });
});

describe('the part of a profile that readings are made of', () => {
  test('has power and counters, and what they are derived from', () => {
    const derived = [
      { name: 'bothW', sum: ['powerL1W', 'powerL2W'] },
      { name: 'powerW', sum: ['bothW', 'powerL3W'] },
      { name: 'currentSumA', sum: ['currentL1A', 'currentL2A'] },
    ];
    const part = readingPart({ ...shelly, derived });
    const names = (message: string) =>
      part.messages
        .get(message)
        ?.fields.flatMap(({ points }) => points.map(({ name }) => name))
        .sort();
    expect(part.derived.map(({ name }) => name)).toEqual(['bothW', 'powerW']);
    expect(names('em')).toEqual(['powerL1W', 'powerL2W', 'powerL3W', 'powerW']);
    expect(names('emdata')).toEqual(['energyExportWh', 'energyImportWh']);
  });

  test('is made once for all devices of a profile', () => {
    expect(readingPart(tasmota)).toBe(readingPart(tasmota));
  });
});
