import { describe, expect, test } from '@jest/globals';
import { seconds } from '@venfleet/core';
import type { z } from 'zod';
import { eventsSchema, eventsSettings } from '../../src/events/config.js';

const REMOTE = 'https://vtn.example.org/openadr3/3.1.0';
const settings = (file: z.infer<typeof eventsSchema> = {}, url = REMOTE) => eventsSettings(file, 'state/events.db', url);
const mistakes = (file: unknown) => {
  const { error } = eventsSchema.safeParse(file);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
};

test('without any settings: polled twice a minute, each minute where the VTN tells of changes', () => {
  expect(settings()).toEqual({
    database: 'state/events.db',
    intervals: { alone: seconds(30), pushed: seconds(60) },
    startShift: 'either',
    push: 'auto',
  });
});

describe('the webhook', () => {
  test.each(['http://localhost:8000/openadr3/3.0.1', 'http://127.0.0.1:8000', 'http://[::1]:8000'])(
    'listens by itself for a VTN on this machine: %s',
    (url) => expect(settings({}, url).webhook).toEqual({ host: '127.0.0.1', port: 0 }),
  );

  test('does not for any other, unless it is told where', () => {
    expect(settings().webhook).toBeUndefined();
    const webhook = { host: '0.0.0.0', port: 8443, publicUrl: 'https://ven.example.org/' };
    expect(settings({ webhook }).webhook).toEqual(webhook);
  });

  test.each(['off', 'mqtt'] as const)('does not listen where push is %s', (push) => {
    expect(settings({ push, webhook: { port: 8443 } }, 'http://localhost').webhook).toBeUndefined();
  });

  test('is missing where it is asked for', () => {
    expect(() => settings({ push: 'webhook' })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('on any address needs one that the VTN is told', () => {
    expect(mistakes({ webhook: { host: '0.0.0.0' } })).toEqual([expect.stringMatching(/^webhook\.publicUrl: is needed/)]);
    expect(mistakes({ webhook: { host: '192.0.2.7' } })).toEqual([]);
  });
});

test('every mistake is told at once', () => {
  const file = {
    pollIntervalS: 0,
    push: 'pull',
    startShift: 'up',
    webhook: { publicUrl: 'ftp://x', tls: { certFile: 'a' } },
    x: 1,
  };
  expect(mistakes(file).map((mistake) => mistake.split(':')[0])).toEqual([
    'pollIntervalS',
    'startShift',
    'push',
    'webhook.publicUrl',
    'webhook.tls.keyFile',
    '',
  ]);
});
