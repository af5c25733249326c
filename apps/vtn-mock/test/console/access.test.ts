import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { minutes } from '@venfleet/core';
import { ConsoleVtn } from '../support/console.js';
import { TestVtn } from '../support/vtn.js';

const READS = [
  'session',
  'overview',
  'series',
  'stream',
  'events',
  'event-choices',
  'reports',
  'audit',
  'vens/x',
  'vens/x/series',
  'resources/x',
  'events/x',
];

const login = (vtn: TestVtn, secret: string, path = '/operator/auth/token', id = 'bl') =>
  vtn.post(path, { grant_type: 'client_credentials', client_id: id, client_secret: secret });

describe('who may look at the console', () => {
  let vtn: ConsoleVtn;

  beforeAll(async () => {
    vtn = await new ConsoleVtn({ console: { link: true } }).start();
  });
  afterAll(() => vtn.stop());

  it.each(READS)('%s is for nobody without a token', async (path) => {
    const { status, headers } = await vtn.send('GET', `/console/api/${path}`);
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it.each(READS)('%s is for no VEN', async (path) => {
    expect((await vtn.look(path, 'GET', undefined, 'ven-a')).status).toBe(403);
  });

  it.each(READS.filter((path) => path !== 'stream'))('%s is for business logic', async (path) => {
    expect((await vtn.look(path)).status).toBe(path.endsWith('/x') || path.includes('/x/') ? 404 : 200);
  });

  it('a token that was expired by hand is of no use any more', async () => {
    const { body } = await login(vtn, 'bl-secret');
    const headers = { authorization: `Bearer ${body.access_token}` };
    expect((await vtn.send('GET', '/console/api/session', { headers })).status).toBe(200);
    expect(
      (await vtn.send('GET', '/console/api/session', { headers: { authorization: `Bearer ${body.access_token}x` } })).status,
    ).toBe(401);
  });

  it('says how to log in, and tells the client who it is', async () => {
    const { body } = await vtn.send('GET', '/console/api/login');
    expect(body).toEqual({ server: 'vtn', ways: ['client-credentials', 'code'], tokenUrl: '/operator/auth/token' });
    expect(await vtn.see('session')).toMatchObject({
      server: 'vtn',
      user: 'bl',
      abilities: { writeEvents: true, faults: false },
    });
  });

  it('the login link logs in once', async () => {
    const code = new URL(vtn.address.consoleLoginUrl as string).hash.slice('#code='.length);
    expect(code.length).toBeGreaterThan(40);
    const { status, body } = await vtn.send('POST', '/console/api/code', { body: { code } });
    expect(status).toBe(200);
    const headers = { authorization: `Bearer ${body.access_token}` };
    expect((await vtn.send('GET', '/console/api/session', { headers })).body.user).toBe('console');
    expect((await vtn.send('POST', '/console/api/code', { body: { code } })).status).toBe(401);
    expect((await vtn.send('GET', '/console/api/login')).body.ways).toEqual(['client-credentials']);
  });

  it('whoever guesses codes has to wait', async () => {
    for (let i = 0; i < 10; i++) await vtn.send('POST', '/console/api/code', { body: { code: `guess ${i}` } });
    const { status, headers } = await vtn.send('POST', '/console/api/code', { body: { code: 'guess' } });
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });

  it('whoever guesses a secret has to wait, at any of the token endpoints, and others need not', async () => {
    const paths = ['/operator/auth/token', '/auth/token', '/openadr3/3.1.0/auth/token'];
    for (let i = 0; i < 20; i++) expect((await login(vtn, `guess ${i}`, paths[i % 3], 'ven-b')).status).toBe(401);
    for (const path of paths) {
      const { status, headers, body } = await login(vtn, 'b-secret', path, 'ven-b');
      expect(status).toBe(429);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(body.detail).toContain('try again');
    }
    expect((await login(vtn, 'a-secret', paths[0], 'ven-a')).status).toBe(200);
    await vtn.clock.advance(minutes(1));
    expect((await login(vtn, 'b-secret', paths[0], 'ven-b')).status).toBe(200);
  });

  it('the right secret in time ends the count', async () => {
    for (let i = 0; i < 19; i++) await login(vtn, 'wrong');
    expect((await login(vtn, 'bl-secret')).status).toBe(200);
    for (let i = 0; i < 19; i++) await login(vtn, 'wrong');
    expect((await login(vtn, 'bl-secret')).status).toBe(200);
  });
});

describe('where the console is', () => {
  it('its API is told by a valid OpenAPI document', async () => {
    const vtn = await new ConsoleVtn().start();
    const { body } = await vtn.send('GET', '/console/openapi.json');
    expect(await new Validator().validate(body)).toMatchObject({ valid: true });
    await vtn.stop();
  });

  it('a browser at the root is shown to it, a program is told what there is', async () => {
    const vtn = await new ConsoleVtn().start();
    const browser = await vtn.send('GET', '/', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    expect([browser.status, browser.headers.location]).toEqual([302, '/console/']);
    expect((await vtn.send('GET', '/')).body.name).toBe('venfleet VTN mock');
    expect(vtn.address.consoleUrl).toBe(`${vtn.address.origin}/console/`);
    expect(vtn.address.consoleLoginUrl).toBeUndefined();
    await vtn.stop();
  });

  it('a VTN without one has nothing there', async () => {
    const vtn = await new TestVtn().start();
    expect((await vtn.send('GET', '/console/api/login')).status).toBe(404);
    expect((await vtn.send('GET', '/', { headers: { accept: 'text/html' } })).status).toBe(200);
    await vtn.stop();
  });

  it('where no tokens are asked for, none is asked for here', async () => {
    const vtn = await new ConsoleVtn({ auth: false, console: { link: true } }).start();
    expect(vtn.address.consoleLoginUrl).toBeUndefined();
    expect((await vtn.send('GET', '/console/api/login')).body).toEqual({ server: 'vtn', ways: ['none'], tokenUrl: null });
    expect((await vtn.send('GET', '/console/api/overview')).status).toBe(200);
    await vtn.stop();
  });
});
