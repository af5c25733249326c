import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { silentLogger, VenfleetError } from '@venfleet/core';
import { createPinoLogger, type PinoLoggerOptions } from '@venfleet/core/node';
import { MemoryLogger } from '@venfleet/core/testing';

function capture(options: PinoLoggerOptions = {}) {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const lines = () =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { log: createPinoLogger({ ...options, stream }), text: () => text, lines };
}

const SECRETS = [
  'authorization',
  'Authorization',
  'password',
  'secret',
  'token',
  'access_token',
  'accessToken',
  'client_secret',
  'clientSecret',
];

describe('createPinoLogger', () => {
  test('a line is JSON: time, fields, message', () => {
    const { log, lines } = capture();
    log.info({ ven: 'Aalborg', resources: 627 }, 'registered');
    expect(lines()[0]).toMatchObject({ level: 30, ven: 'Aalborg', resources: 627, msg: 'registered' });
    expect(Date.parse(lines()[0].time)).not.toBeNaN();
  });

  test.each(SECRETS)('%s is redacted at the top level, one below and two below', (key) => {
    const { log, text, lines } = capture();
    log.warn({ [key]: 'hunter2', a: { [key]: 'hunter2', b: { [key]: 'hunter2' } }, list: [{ [key]: 'hunter2' }] }, 'refused');
    expect(text()).not.toContain('hunter2');
    expect(lines()[0].a.b[key]).toBe('[redacted]');
  });

  test("a child's field takes the place of its parent's of the same name", () => {
    const { log, text, lines } = capture();
    log.child({ component: 'register', ven: 'Aalborg' }).child({ component: 'http' }).info({}, 'request');
    expect(lines()[0]).toMatchObject({ component: 'http', ven: 'Aalborg' });
    expect(text().match(/component/g)).toHaveLength(1);
  });

  test.each(SECRETS)("%s is redacted among a child's fields too", (key) => {
    const { log, text, lines } = capture();
    log.child({ component: 'client', [key]: 'hunter2', headers: { [key]: 'hunter2' } }).error({}, 'refused');
    expect(lines()[0].component).toBe('client');
    expect(text()).not.toContain('hunter2');
  });

  test('a secret in the context of a logged error is redacted', () => {
    const { log, text, lines } = capture();
    log.error({ err: new VenfleetError('A_CODE', 'what', { context: { token: 'hunter2' } }) }, 'failed');
    expect(lines()[0].err).toMatchObject({ message: 'what', code: 'A_CODE' });
    expect(text()).not.toContain('hunter2');
  });

  test('lines below the level are not written, and isEnabled says so', () => {
    const { log, lines } = capture({ level: 'warn' });
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    expect(lines().map((line) => line.msg)).toEqual(['c']);
    expect([log.isEnabled('info'), log.isEnabled('warn'), log.child({}).isEnabled('debug')]).toEqual([false, true, false]);
    expect(capture({ level: 'silent' }).log.isEnabled('error')).toBe(false);
  });
});

describe('loggers for tests and for nobody', () => {
  test('MemoryLogger keeps the lines of its children with their fields', () => {
    const log = new MemoryLogger({ app: 'a' });
    log.child({ component: 'c' }).warn({ n: 1 }, 'm');
    expect(log.lines).toEqual([{ level: 'warn', fields: { app: 'a', component: 'c', n: 1 }, message: 'm' }]);
    expect(log.isEnabled()).toBe(true);
  });

  test('silentLogger has no level enabled and nor have its children', () => {
    expect(silentLogger.child({}).isEnabled('error')).toBe(false);
  });
});
