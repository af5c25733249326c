import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryLogger } from '@venfleet/core/testing';
import type { Client } from '@venfleet/openadr';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { CLIENTS, TestVtn } from './support/vtn.js';

const BL_SCOPES = 'read_all write_programs write_events write_subscriptions write_vens';
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const grant = { grant_type: 'client_credentials' };
const body = { ...grant, client_id: 'bl', client_secret: 'bl-secret' };

describe('token endpoint', () => {
  let vtn: TestVtn;
  let logger: MemoryLogger;
  const odd: Client = { clientId: 'odd', clientSecret: 'p:+%/ æ', role: 'VEN', scopes: ['read_ven_objects', 'private'] };
  const at = '/openadr3/3.1.0/auth/token';

  beforeAll(async () => {
    logger = new MemoryLogger();
    vtn = await new TestVtn({ clients: [...CLIENTS, odd], logger }).start();
  });
  afterAll(async () => await vtn.stop());

  it.each([at, '/openadr3/3.0.1/auth/token', '/auth/token'])('22, 25: %s takes form credentials and HTTP Basic', async (path) => {
    for (const answer of [await vtn.post(path, body), await vtn.post(path, grant, basic('bl:bl-secret'))]) {
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 3600, scope: BL_SCOPES });
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
      expect(answer.body.access_token.length).toBeLessThan(4096);
    }
  });

  it('22: id and secret of HTTP Basic are form-encoded first (RFC 6749 section 2.3.1)', async () => {
    expect((await vtn.post(at, grant, basic('odd:p%3A%2B%25%2F+%C3%A6'))).status).toBe(200);
    expect((await vtn.post(at, grant, basic('odd:p%3a%2b%25%2f%20%c3%a6'))).status).toBe(200);
  });

  it('22: credentials in both places give invalid_request', async () => {
    const { status, body: answer } = await vtn.post(at, body, basic('bl:bl-secret'));
    expect([status, answer.error, answer.status]).toEqual([400, 'invalid_request', 400]);
  });

  it('23: a wrong secret or unknown client is refused with invalid_client, with a challenge where Basic was tried', async () => {
    const answers = [
      await vtn.post(at, { ...body, client_secret: 'wrong' }),
      await vtn.post(at, { ...body, client_id: 'nobody' }),
      await vtn.post(at, { ...body, client_id: 'nobody', client_secret: 'x' }),
      await vtn.post(at, grant, basic('bl:wrong')),
      await vtn.post(at, grant),
    ];
    for (const { status, body: answer } of answers) {
      expect([status, answer.error, answer.status, answer.type]).toEqual([401, 'invalid_client', 401, 'about:blank']);
      expect(answer.error_description).toBe(answer.detail);
    }
    expect(answers.map((answer) => answer.headers['www-authenticate'] !== undefined)).toEqual([false, false, false, true, true]);
  });

  it('24: other grant types give unsupported_grant_type, none gives invalid_request', async () => {
    const other = await vtn.post(at, { ...body, grant_type: 'password' });
    expect([other.status, other.body.error]).toEqual([400, 'unsupported_grant_type']);
    const none = await vtn.post(at, { client_id: 'bl', client_secret: 'bl-secret' });
    expect([none.status, none.body.error]).toEqual([400, 'invalid_request']);
  });

  it('scope narrows the token to what is asked for and held; nothing left gives invalid_scope', async () => {
    const narrow = await vtn.post(at, { ...body, scope: 'write_vens  private read_targets' });
    expect(narrow.body.scope).toBe('write_vens');
    const send = (path: string) =>
      vtn.send('GET', `/openadr3/3.1.0${path}`, { headers: { authorization: `Bearer ${narrow.body.access_token}` } });
    expect((await send('/vens')).status).toBe(403);
    for (const scope of ['write_reports', 'nonsense']) {
      const { status, body: answer } = await vtn.post(at, { ...body, scope });
      expect([status, answer.error]).toEqual([400, 'invalid_scope']);
    }
  });

  it('a client has the scopes of its role in that version, of both at the origin, or those of its own', async () => {
    const scopesAt = async (path: string, client: Client) =>
      (await vtn.post(path, { ...grant, client_id: client.clientId, client_secret: client.clientSecret })).body.scope;
    const ven = CLIENTS[1] as Client;
    expect(await scopesAt(at, ven)).toBe('read_targets read_ven_objects write_reports write_subscriptions write_vens');
    expect(await scopesAt('/openadr3/3.0.1/auth/token', ven)).toBe('read_all write_reports write_subscriptions write_vens');
    expect((await scopesAt('/auth/token', ven)).split(' ')).toEqual(expect.arrayContaining(['read_all', 'read_ven_objects']));
    expect(await scopesAt(at, odd)).toBe('read_ven_objects private');
  });

  it('a token is a JWT that the published keys verify, with the claims of RFC 9068', async () => {
    const { body: token } = await vtn.post(at, body);
    for (const path of [
      '/.well-known/jwks.json',
      '/openadr3/3.1.0/.well-known/jwks.json',
      '/openadr3/3.0.1/.well-known/jwks.json',
    ]) {
      const { body: jwks } = await vtn.send('GET', path);
      expect(JSON.stringify(jwks)).not.toContain('"d"');
      const { payload } = await jwtVerify(token.access_token, createLocalJWKSet(jwks), {
        currentDate: new Date(vtn.clock.now()),
      });
      const issuedAt = Math.floor(vtn.clock.now() / 1000);
      expect(payload).toMatchObject({
        sub: 'bl',
        client_id: 'bl',
        role: 'BL',
        scope: BL_SCOPES,
        iat: issuedAt,
        exp: issuedAt + 3600,
      });
      expect([typeof payload.iss, typeof payload.jti]).toEqual(['string', 'string']);
    }
  });

  it('a token of another VTN is refused', async () => {
    const other = await new TestVtn().start();
    try {
      const headers = { authorization: `Bearer ${await other.token('bl', '3.1.0')}` };
      expect((await vtn.send('GET', '/openadr3/3.1.0/vens', { headers })).status).toBe(401);
    } finally {
      await other.stop();
    }
  });

  it('what is no form is refused: other types 415, repeated parameters and broken headers 400, other methods 405', async () => {
    const json = await vtn.send('POST', at, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    expect([json.status, json.body.status]).toEqual([415, 415]);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const twice = await vtn.send('POST', at, {
      body: 'grant_type=client_credentials&client_id=bl&client_id=x&client_secret=y',
      headers: form,
    });
    expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request']);
    for (const authorization of ['Basic', 'Basic !!!', `Basic ${Buffer.from('nocolon').toString('base64')}`, 'Bearer x']) {
      const { status, body: answer } = await vtn.post(at, grant, { authorization });
      expect([authorization, status, answer.error]).toEqual([authorization, 400, 'invalid_request']);
    }
    const { status, headers } = await vtn.send('GET', at);
    expect([status, headers.allow]).toEqual([405, 'POST']);
  });

  it('no secret and no token is ever logged', async () => {
    const { body: token } = await vtn.post(at, body);
    await vtn.send('GET', '/openadr3/3.1.0/vens?secret=s', { headers: { authorization: `Bearer ${token.access_token}` } });
    const log = JSON.stringify(logger.lines);
    expect(log).toContain('/openadr3/3.1.0/vens');
    for (const secret of [token.access_token, 'bl-secret', 'secret=s', odd.clientSecret]) expect(log).not.toContain(secret);
  });
});

describe('credentials file', () => {
  it('is read again when a client asks that it did not have, or when a secret changed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vtn-mock-'));
    const path = join(folder, 'credentials.json');
    const write = (clients: readonly Client[]) => writeFileSync(path, JSON.stringify({ version: 1, clients }));
    write(CLIENTS.slice(0, 1));
    const logger = new MemoryLogger();
    const vtn = await new TestVtn({ clients: path, logger }).start();
    const ask = async (secret: string) =>
      (await vtn.post('/auth/token', { ...grant, client_id: 'ven-a', client_secret: secret })).status;
    try {
      expect(await ask('a-secret')).toBe(401);
      write(CLIENTS);
      expect(await ask('a-secret')).toBe(200);
      write([{ clientId: 'ven-a', clientSecret: 'changed-secret', role: 'VEN' }]);
      expect(await ask('changed-secret')).toBe(200);
      expect(await ask('a-secret')).toBe(401);
      writeFileSync(path, 'no json');
      expect(await ask('a-secret')).toBe(401);
      expect(await ask('changed-secret')).toBe(200);
      expect(logger.lines.filter((line) => line.level === 'warn')).toHaveLength(1);
    } finally {
      await vtn.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
