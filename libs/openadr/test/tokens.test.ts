import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { milliseconds, seconds, silentLogger, systemClock } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { clientCredentialsTokens, createHttpTransport, type HttpTransport, VtnError } from '../src/index.js';
import { problem, reset, serve, type TestServer } from './support/server.js';

let server: TestServer;
let transport: HttpTransport;
let clock: FakeClock;
let issued: number;
beforeEach(async () => {
  issued = 0;
  clock = new FakeClock();
  server = await serve(() => ({ body: { access_token: `t${++issued}`, token_type: 'Bearer', expires_in: 300 } }));
  transport = createHttpTransport({ logger: silentLogger, clock: systemClock });
});
afterEach(async () => {
  await transport.close();
  await server.close();
});

const source = (more: { clientId?: string; clientSecret?: string; scope?: string } = {}) =>
  clientCredentialsTokens({
    transport,
    tokenUrl: `${server.url}/auth/token`,
    clientId: 'ven-a',
    clientSecret: 's3cret',
    clock,
    ...more,
  });

async function failure(work: Promise<unknown>): Promise<VtnError> {
  const error = await work.catch((e: unknown) => e);
  if (error instanceof VtnError) return error;
  throw error;
}

describe('clientCredentialsTokens', () => {
  it('asks by a form (RFC 6749 section 4.4.2), with a scope only where one is given', async () => {
    expect(await source().token()).toBe('t1');
    await source({ scope: 'read_all write_vens' }).token();
    const [first, second] = server.requests;
    expect(first?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(first?.headers.authorization).toBeUndefined();
    expect(first?.body).toBe('grant_type=client_credentials&client_id=ven-a&client_secret=s3cret');
    expect(second?.body).toContain('scope=read_all+write_vens');
  });

  it('asks once for all who wait', async () => {
    const tokens = source();
    expect(await Promise.all(Array.from({ length: 10 }, () => tokens.token()))).toEqual(Array(10).fill('t1'));
    expect(await tokens.token()).toBe('t1');
    expect(server.requests).toHaveLength(1);
  });

  it('line 61: renews before the token expires', async () => {
    const tokens = source();
    await tokens.token();
    await clock.advance(seconds(269));
    expect(await tokens.token()).toBe('t1');
    await clock.advance(seconds(1));
    expect(await tokens.token()).toBe('t2');
  });

  it('keeps a token with a short life for nine tenths of it', async () => {
    server.handle(() => ({ body: { access_token: `t${++issued}`, token_type: 'bearer', expires_in: '10' } }));
    const tokens = source();
    await tokens.token();
    await clock.advance(milliseconds(8999));
    expect(await tokens.token()).toBe('t1');
    await clock.advance(milliseconds(1));
    expect(await tokens.token()).toBe('t2');
  });

  it('keeps a token without expires_in until it is refused', async () => {
    server.handle(() => ({ body: { access_token: `t${++issued}`, token_type: 'Bearer' } }));
    const tokens = source();
    await tokens.token();
    await clock.advance(seconds(1_000_000));
    expect(await tokens.token()).toBe('t1');
    tokens.invalidate('t0');
    expect(await tokens.token()).toBe('t1');
    tokens.invalidate('t1');
    expect(await tokens.token()).toBe('t2');
  });

  it('lives on with the old token while a renewal fails for a passing reason, until it expires', async () => {
    const tokens = source();
    await tokens.token();
    server.handle(() => problem(503, 'Busy'));
    await clock.advance(seconds(280));
    expect(await tokens.token()).toBe('t1');
    await clock.advance(seconds(20));
    expect(await failure(tokens.token())).toMatchObject({ code: 'VTN_PROBLEM', status: 503 });
  });

  it('tells why the last attempt failed, though an older token holds, until one succeeds', async () => {
    const tokens = source();
    await tokens.token();
    expect(tokens.problem).toBeUndefined();
    server.handle(() => problem(503, 'Busy'));
    await clock.advance(seconds(280));
    await tokens.token();
    expect(tokens.problem).toMatchObject({ code: 'VTN_PROBLEM', status: 503 });
    server.handle(() => ({ body: { access_token: 't9', token_type: 'Bearer', expires_in: 300 } }));
    expect(await tokens.token()).toBe('t9');
    expect(tokens.problem).toBeUndefined();
  });

  it('falls back to HTTP Basic where the form is refused, and remembers that', async () => {
    server.handle(({ headers }) => {
      if (headers.authorization === undefined) return { status: 400, body: { error: 'invalid_request' } };
      return { body: { access_token: `t${++issued}`, token_type: 'Bearer', expires_in: 300 } };
    });
    const tokens = source({ clientId: 'a b:c', clientSecret: 'ø+%' });
    expect(await tokens.token()).toBe('t1');
    tokens.invalidate('t1');
    expect(await tokens.token()).toBe('t2');
    expect(server.requests.map((r) => r.headers.authorization !== undefined)).toEqual([false, true, true]);
    // RFC 6749 section 2.3.1: each part is form-encoded first.
    const [, credentials] = server.requests[1]?.headers.authorization?.split(' ') ?? [];
    expect(Buffer.from(credentials ?? '', 'base64').toString()).toBe('a+b%3Ac:%C3%B8%2B%25');
    expect(server.requests[1]?.body).toBe('grant_type=client_credentials');
  });

  it('tells a refusal with the server’s code and a hint, never with the secret', async () => {
    server.handle(() => ({ status: 401, body: { error: 'invalid_client', error_description: 'no such client' } }));
    const error = await failure(source().token());
    expect(error).toMatchObject({ code: 'VTN_AUTH', status: 401, context: { oauthError: 'invalid_client', clientId: 'ven-a' } });
    expect(error.message).toContain('invalid_client: no such client');
    expect(server.requests).toHaveLength(2);
    expect(JSON.stringify([error.message, error.context, error.hint, error.details, error.stack])).not.toContain('s3cret');
  });

  it('does not try Basic when the scope is at fault', async () => {
    server.handle(() => ({ status: 400, body: { error: 'invalid_scope' } }));
    expect((await failure(source({ scope: 'x' }).token())).hint).toContain('scopes');
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    { token_type: 'Bearer' },
    { access_token: 'a\r\nX: y', token_type: 'Bearer' },
    { access_token: 't', token_type: 'mac' },
    'no JSON',
    null,
  ])('refuses an answer that holds no bearer token: %j', async (body) => {
    server.handle(() => ({ body }));
    expect((await failure(source().token())).code).toBe('VTN_PROTOCOL');
  });

  it('does not keep a failure', async () => {
    server.handle(() => reset);
    const tokens = source();
    const error = await failure(tokens.token());
    expect(error).toMatchObject({ code: 'VTN_UNREACHABLE', ambiguous: false });
    server.handle(() => ({ body: { access_token: 't', token_type: 'Bearer' } }));
    expect(await tokens.token()).toBe('t');
  });
});
