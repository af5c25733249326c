import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { milliseconds, silentLogger } from '@venfleet/core';
import { MemoryLogger } from '@venfleet/core/testing';
import {
  anonymous,
  clientCredentialsTokens,
  createVtnClient,
  isAmbiguous,
  isConflict,
  isDenied,
  isNotFound,
  type Role,
  retryAfterOf,
  type TokenSource,
  type VtnClient,
  VtnError,
  validator,
  type WireVersion,
  wire301,
  wire310,
} from '../src/index.js';
import { problem, type Rig, reset, rig, serve, type TestServer } from './support/server.js';

let server: TestServer;
let tools: Rig;
beforeEach(async () => {
  server = await serve(() => ({ status: 500 }));
  // The limiter holds everybody back for real; how long is told by the clock of the retries.
  tools = rig({ limiter: { longestHold: milliseconds(1) } });
});
afterEach(async () => {
  await tools.transport.close();
  await server.close();
});

function client(version: WireVersion, role: Role = 'VEN', tokens: TokenSource = anonymous, logger = silentLogger): VtnClient {
  const vtn = { version, baseUrl: `${server.url}/base`, tokenUrl: `${server.url}/base/auth/token` };
  return createVtnClient({ ...tools, logger, vtn, tokens, role });
}

async function failure(work: Promise<unknown>): Promise<VtnError> {
  const error = await work.then(
    () => new Error('expected a failure'),
    (e: unknown) => e,
  );
  if (error instanceof VtnError) return error;
  throw error;
}

const ven = { id: 'v1', name: 'Aalborg', attributes: [], targets: [] };

describe('OpenADR 3.0.1', () => {
  it('creates a ven and its resource below it', async () => {
    server.handle(({ method, path, json }) => ({ status: 201, body: { id: `${method}${path}`.length.toString(), ...json() } }));
    const vtn = client('3.0.1');
    const created = await vtn.createVen({ name: 'Aalborg', attributes: [{ type: 'A', values: [1, { x: 1, y: 2 }] }] });
    expect(created).toEqual({ ...ven, id: '14', attributes: [{ type: 'A', values: [1, { x: 1, y: 2 }] }] });
    const resource = await vtn.createResource(created, { name: 'r', attributes: [{ type: 'B', values: ['x'] }] });
    expect(resource).toMatchObject({ venId: '14', name: 'r' });
    expect(server.requests.map((r) => `${r.method} ${r.path}`)).toEqual(['POST /base/vens', 'POST /base/vens/14/resources']);
    expect(validator(wire301.VenRequest).mistakes(server.requests[0]?.json())).toEqual([]);
    expect(validator(wire301.ResourceRequest).mistakes(server.requests[1]?.json())).toEqual([]);
  });

  it('keeps the targets in a PUT, which replaces the whole object', async () => {
    server.handle(({ json }) => ({ body: { id: 'v1', ...json() } }));
    const targets = [{ type: 'GROUP', values: ['north'] }];
    const attributes = [{ type: 'A', values: [1] }];
    const updated = await client('3.0.1').updateVen({ ...ven, attributes, targets }, { name: 'Aarhus' });
    expect(server.requests[0]?.json()).toEqual({ venName: 'Aarhus', attributes, targets });
    expect(updated).toEqual({ id: 'v1', name: 'Aarhus', attributes, targets });
  });

  it('reads and writes a program’s attributes as properties, and refuses those that have none', async () => {
    server.handle(({ json }) => ({ status: 201, body: { id: 'p1', ...json() } }));
    const vtn = client('3.0.1', 'BL');
    const program = {
      name: 'p',
      attributes: [
        { type: 'PROGRAM_LONG_NAME', values: ['long'] },
        { type: 'BINDING_EVENTS', values: [true] },
      ],
      targets: [{ type: 'GROUP', values: ['g'] }],
      descriptionUrls: ['https://example.org/p'],
      payloadDescriptors: [{ objectType: 'EVENT_PAYLOAD_DESCRIPTOR' as const, payloadType: 'PRICE', currency: 'DKK' }],
      intervalPeriod: { start: '2026-01-01T00:00:00Z' },
      timeZoneOffset: 'PT1H',
    };
    expect(await vtn.createProgram(program)).toEqual({ id: 'p1', ...program });
    expect(validator(wire301.ProgramRequest).mistakes(server.requests[0]?.json())).toEqual([]);
    await expect(vtn.createProgram({ name: 'p', attributes: [{ type: 'MINE', values: [1] }] })).rejects.toMatchObject({
      code: 'PROGRAM_ATTRIBUTE_UNKNOWN',
    });
  });
});

describe('OpenADR 3.1', () => {
  it('line 64: as a VEN never sends targets or clientID', async () => {
    server.handle(({ json }) => ({ status: 201, body: { id: 'x', clientID: 'c', targets: ['t'], ...json() } }));
    const vtn = client('3.1.0', 'VEN');
    const created = await vtn.createVen({ name: 'Aalborg', clientId: 'c' });
    expect(created).toMatchObject({ targets: ['t'], clientId: 'c' });
    await vtn.updateVen(created, { attributes: [{ type: 'A', values: [1] }] });
    const resource = await vtn.createResource(created, { name: 'r' });
    await vtn.updateResource({ ...resource, targets: ['t'] }, { name: 's' });
    for (const { json } of server.requests) {
      expect(Object.keys(json())).not.toContain('targets');
      expect(Object.keys(json())).not.toContain('clientID');
    }
    const [post, put, postResource, putResource] = server.requests.map((r) => r.json());
    for (const body of [post, put]) expect(validator(wire310.VenVenRequest).mistakes(body)).toEqual([]);
    for (const body of [postResource, putResource]) expect(validator(wire310.VenResourceRequest).mistakes(body)).toEqual([]);
  });

  it('as business logic names the client and keeps the targets', async () => {
    server.handle(({ json }) => ({ status: 201, body: { id: 'x', ...json() } }));
    const vtn = client('3.1.0', 'BL');
    const created = await vtn.createVen({ name: 'Aalborg', clientId: 'c' });
    await vtn.updateVen({ ...created, targets: ['t'] }, { name: 'Aarhus' });
    await vtn.createResource(created, { name: 'r' });
    const [post, put, resource] = server.requests.map((r) => r.json());
    expect(post).toEqual({ objectType: 'BL_VEN_REQUEST', clientID: 'c', venName: 'Aalborg' });
    expect(put).toEqual({ objectType: 'BL_VEN_REQUEST', clientID: 'c', venName: 'Aarhus', targets: ['t'] });
    expect(resource).toEqual({ objectType: 'BL_RESOURCE_REQUEST', clientID: 'c', resourceName: 'r', venID: 'x' });
    await expect(vtn.createVen({ name: 'Aalborg' })).rejects.toMatchObject({ code: 'CLIENT_ID_MISSING' });
  });

  it('lists the resources of one ven, whether the VTN filters or not', async () => {
    server.handle(() => ({
      body: [
        { id: 'a', venID: 'v1', resourceName: 'r' },
        { id: 'b', venID: 'v2', resourceName: 'r' },
        { id: 'c', venID: 'v1', resourceName: 's' },
      ],
    }));
    const vtn = client('3.1.0');
    expect((await vtn.listResources('v1')).map((r) => r.id)).toEqual(['a', 'c']);
    expect((await vtn.listResources('v1', { name: 's' })).map((r) => r.id)).toEqual(['c']);
    expect(server.requests[1]?.query.toString()).toBe('skip=0&limit=50&venID=v1&resourceName=s');
  });
});

describe('answers', () => {
  it('line 66: are understood without objectType, with null or absent optionals, unknown fields and any spelling of time', async () => {
    const body = [
      {
        id: 'a',
        venName: 'A',
        attributes: null,
        targets: null,
        createdDateTime: '2026-01-01T00:00:00.123456+00:00',
        extra: { a: 1 },
      },
      { id: 'b', venName: 'B', objectType: 'SOMETHING', resources: [] },
    ];
    server.handle(() => ({ body }));
    for (const version of ['3.0.1', '3.1.0'] as const) {
      expect(await client(version).listVens()).toMatchObject([
        { id: 'a', attributes: [], targets: [] },
        { id: 'b', attributes: [], targets: [] },
      ]);
    }
  });

  it('without an id are a protocol error that says where', async () => {
    server.handle(() => ({ body: [{ id: 'a', venName: 'A' }, { venName: 'B' }] }));
    const error = await failure(client('3.1.0').listVens());
    expect(error).toMatchObject({ code: 'VTN_PROTOCOL', details: ['1.id: is missing'] });
    expect(error.message).toBe('GET /base/vens: the answer is not what OpenADR says: 1.id: is missing');
  });

  it.each(['<html></html>', '', '{"id":', 'null', '[]', '7'])(
    'of %j to a POST are protocol errors, and ambiguous',
    async (body) => {
      server.handle(() => ({ status: 201, body }));
      const error = await failure(client('3.0.1').createVen({ name: 'A' }));
      expect(error.code).toBe('VTN_PROTOCOL');
      expect(isAmbiguous(error)).toBe(true);
      expect(server.requests).toHaveLength(1);
    },
  );

  it('of 400 and above become typed errors that name method, path and the VTN’s words', async () => {
    const vtn = client('3.0.1');
    server.handle(() => problem(409, 'Conflict', 'venName Aalborg is taken'));
    const conflict = await failure(vtn.createVen({ name: 'Aalborg' }));
    expect(conflict.message).toBe('POST /base/vens: 409 Conflict: venName Aalborg is taken');
    expect(isConflict(conflict) && !isAmbiguous(conflict)).toBe(true);

    server.handle(() => problem(404, 'Not Found'));
    expect(isNotFound(await failure(vtn.deleteVen('x')))).toBe(true);

    server.handle(() => ({ status: 400, body: `<html><title>Bad\u0007 gateway</title>${'x'.repeat(9999)}` }));
    expect((await failure(vtn.listVens({ name: 'hush' }))).message).toBe(
      'GET /base/vens: 400 Bad Request: an HTML page "Bad gateway"',
    );

    server.handle(() => ({ status: 400, body: 'x'.repeat(9999) }));
    expect((await failure(vtn.listVens())).message.length).toBeLessThan(400);

    server.handle(() => ({ status: 308, headers: { location: 'https://elsewhere.example/v?token=hush' } }));
    const redirect = await failure(vtn.listVens());
    expect(redirect.hint).toContain('https://elsewhere.example/v');
    expect(redirect.hint).not.toContain('hush');
  });
});

describe('lists', () => {
  const page = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ id: `v${from + i}`, venName: `n${from + i}` }));

  it('line 65: are read page by page until a short page', async () => {
    const total = 123;
    server.handle(({ query }) => {
      const [skip, limit] = [Number(query.get('skip')), Number(query.get('limit'))];
      return { body: page(skip, Math.max(0, Math.min(limit, total - skip))) };
    });
    expect(await client('3.0.1').listVens()).toHaveLength(123);
    expect(server.requests.map((r) => r.query.get('skip'))).toEqual(['0', '50', '100']);
  });

  it('line 65: fail as a whole when one page fails', async () => {
    server.handle(({ query }) => (query.get('skip') === '0' ? { body: page(0, 50) } : problem(400, 'Bad Request')));
    expect((await failure(client('3.0.1').listVens())).status).toBe(400);
  });

  it('end at a VTN that ignores skip', async () => {
    server.handle(() => ({ body: page(0, 50) }));
    const error = await failure(client('3.0.1').listVens());
    expect(error).toMatchObject({ code: 'VTN_PROTOCOL', message: expect.stringContaining('ignores skip') });
    expect(server.requests).toHaveLength(2);
  });

  it('are complete where a VTN ignores paging and sends everything at once', async () => {
    server.handle(() => ({ body: page(0, 120) }));
    expect(await client('3.0.1').listVens()).toHaveLength(120);
  });

  it('hold a record once that moved to the next page meanwhile', async () => {
    server.handle(({ query }) => ({ body: query.get('skip') === '0' ? page(0, 50) : page(49, 11) }));
    expect(await client('3.0.1').listVens()).toHaveLength(60);
  });
});

describe('retries', () => {
  const flaky = (failures: number, fail: () => ReturnType<Parameters<TestServer['handle']>[0]>) => {
    let left = failures;
    server.handle(({ method }) => {
      if (left-- > 0) return fail();
      return method === 'GET' ? { body: [] } : { status: method === 'POST' ? 201 : 200, body: { id: 'v1', venName: 'A' } };
    });
  };

  it.each([500, 502, 503, 504, 429])('repeat GET, PUT and DELETE after %d', async (status) => {
    const vtn = client('3.0.1');
    for (const work of [() => vtn.listVens(), () => vtn.updateVen(ven, {}), () => vtn.deleteVen('v1')]) {
      flaky(2, () => problem(status, 'Trouble'));
      await work();
    }
    expect(server.requests).toHaveLength(9);
  });

  it('repeat GET, PUT and DELETE after a dropped connection', async () => {
    const vtn = client('3.0.1');
    for (const work of [() => vtn.listVens(), () => vtn.updateVen(ven, {}), () => vtn.deleteVen('v1')]) {
      flaky(2, () => reset);
      await work();
    }
    expect(server.requests).toHaveLength(9);
  });

  it.each([429, 503])('repeat POST after %d, which means that nothing was done', async (status) => {
    flaky(2, () => problem(status, 'Busy'));
    await client('3.0.1').createVen({ name: 'A' });
    expect(server.requests).toHaveLength(3);
  });

  it('do not repeat POST when it may have been carried out, but mark the error', async () => {
    const vtn = client('3.0.1');
    for (const fail of [() => reset, () => problem(500, 'Oops'), () => problem(502, 'Bad Gateway'), () => halfAnAnswer]) {
      const before = server.requests.length;
      flaky(1, fail);
      const error = await failure(vtn.createVen({ name: 'A' }));
      expect(isAmbiguous(error)).toBe(true);
      expect(server.requests.length - before).toBe(1);
    }
  });

  it('repeat POST when the connection was refused', async () => {
    await server.close();
    const error = await failure(client('3.0.1').createVen({ name: 'A' }));
    expect(error).toMatchObject({
      code: 'VTN_UNREACHABLE',
      ambiguous: false,
      message: expect.stringContaining('connection refused'),
    });
    expect(tools.clock.sleeps).toHaveLength(4);
    server = await serve(() => ({}));
  });

  it('do not repeat what the VTN refuses for good', async () => {
    for (const status of [400, 404, 409, 501]) {
      server.handle(() => problem(status, 'No'));
      await failure(client('3.0.1').updateVen(ven, {}));
    }
    expect(server.requests).toHaveLength(4);
  });

  it('wait as long as Retry-After says, in seconds or as a date', async () => {
    flaky(1, () => problem(503, 'Busy', undefined, { 'retry-after': '7' }));
    const { clock } = tools;
    await client('3.0.1').listVens();
    expect(clock.sleeps[0]).toBeGreaterThanOrEqual(7000);

    server.handle(() => problem(503, 'Busy', undefined, { 'retry-after': new Date(clock.now() + 3_600_000).toUTCString() }));
    const error = await failure(client('3.0.1').createVen({ name: 'A' }));
    expect(retryAfterOf(error)).toBeGreaterThan(3_590_000);
  });

  it('take 404 for done when an earlier DELETE of theirs may have been carried out', async () => {
    let first = true;
    server.handle(() => {
      if (!first) return problem(404, 'Not Found');
      first = false;
      return reset;
    });
    await client('3.1.0').deleteResource({ id: 'r', venId: 'v' });
    await expect(client('3.1.0').deleteResource({ id: 'r', venId: 'v' })).rejects.toMatchObject({ status: 404 });
  });

  it('end when the signal aborts', async () => {
    const controller = new AbortController();
    server.handle(() => {
      controller.abort(new Error('enough'));
      return problem(503, 'Busy');
    });
    await expect(client('3.0.1').listVens({}, { signal: controller.signal })).rejects.toThrow('enough');
    expect(server.requests).toHaveLength(1);
  });

  it('end when the signal of the transport aborts, be it under way or in a pause', async () => {
    for (const answer of [() => problem(503, 'Busy'), () => () => {}]) {
      const controller = new AbortController();
      await tools.transport.close();
      tools = rig({ signal: controller.signal });
      server.handle(() => {
        controller.abort(new Error('enough'));
        return answer();
      });
      await expect(client('3.0.1').listVens()).rejects.toThrow('enough');
    }
    expect(server.requests).toHaveLength(2);
  });
});

describe('line 61: a refused token', () => {
  /** Hands out t1, t2, … and counts. */
  class Tokens implements TokenSource {
    count = 1;
    token = async () => `t${this.count}`;
    invalidate(token: string) {
      if (token === `t${this.count}`) this.count++;
    }
  }

  it.each([401, 403])('is renewed once after %d, and the request repeated', async (status) => {
    server.handle(({ headers }) => (headers.authorization === 'Bearer t2' ? { body: [] } : problem(status, 'No')));
    const tokens = new Tokens();
    await client('3.0.1', 'VEN', tokens).listVens();
    expect(server.requests.map((r) => r.headers.authorization)).toEqual(['Bearer t1', 'Bearer t2']);
  });

  it.each([
    [401, 'VTN_UNAUTHORIZED'],
    [403, 'VTN_FORBIDDEN'],
  ])('twice with %d is a permission error, never a loop', async (status, code) => {
    server.handle(() => problem(status, 'No', 'scope missing'));
    const tokens = new Tokens();
    const vtn = client('3.0.1', 'VEN', tokens);
    const error = await failure(vtn.createVen({ name: 'A' }));
    expect(error.code).toBe(code);
    expect(isDenied(error)).toBe(true);
    expect(server.requests).toHaveLength(2);
    // A token that is as new as can be will not be helped by another one.
    for (let i = 0; i < 5; i++) await failure(vtn.createVen({ name: 'A' }));
    expect(server.requests).toHaveLength(7);
    expect(tokens.count).toBe(2);
  });

  it('is renewed again when another kind of refusal follows, such as after a restart of the VTN', async () => {
    const tokens = new Tokens();
    const vtn = client('3.0.1', 'VEN', tokens);
    server.handle(() => problem(403, 'No'));
    await failure(vtn.createVen({ name: 'A' }));
    server.handle(({ headers }) => (headers.authorization === 'Bearer t3' ? { body: [] } : problem(401, 'Who?')));
    expect(await vtn.listVens()).toEqual([]);
  });

  it('is renewed once for all requests in flight', async () => {
    server.handle(({ headers }) => (headers.authorization === 'Bearer t2' ? { body: [] } : problem(401, 'No')));
    const tokens = new Tokens();
    const vtn = client('3.0.1', 'VEN', tokens);
    await Promise.all(Array.from({ length: 20 }, () => vtn.listVens()));
    expect(tokens.count).toBe(2);
  });

  it('is not renewed where none is used', async () => {
    server.handle(() => problem(401, 'No'));
    expect((await failure(client('3.0.1').listVens())).code).toBe('VTN_UNAUTHORIZED');
    expect(server.requests).toHaveLength(1);
  });

  it('that cannot be fetched leaves the object’s fate open: a token endpoint’s 404 is not the object’s', async () => {
    let attempts = 0;
    server.handle(({ path }) => (path.endsWith('/token') ? problem(attempts++ === 0 ? 503 : 404, 'Oops') : problem(500, 'Oops')));
    const tokens = clientCredentialsTokens({
      transport: tools.transport,
      tokenUrl: `${server.url}/base/auth/token`,
      clientId: 'a',
      clientSecret: 'b',
      clock: tools.clock,
    });
    const error = await failure(client('3.0.1', 'VEN', tokens).deleteVen('v1'));
    expect(error).toMatchObject({ code: 'VTN_AUTH', status: 404 });
    expect(isNotFound(error)).toBe(false);
  });

  it('appears in no error and no log line', async () => {
    server.handle(() => problem(503, 'Busy'));
    const logger = new MemoryLogger();
    const tokens: TokenSource = { token: async () => 'hush-hush', invalidate() {} };
    const error = await failure(client('3.0.1', 'VEN', tokens, logger as never).listVens({ name: 'secret-name' }));
    expect(logger.lines.length).toBeGreaterThan(0);
    const everything = JSON.stringify([
      logger.lines,
      error.message,
      error.context,
      error.details,
      error.hint,
      String(error.stack),
    ]);
    expect(everything).not.toContain('hush');
    expect(everything).not.toContain('secret-name');
  });
});

const halfAnAnswer = (response: import('node:http').ServerResponse): void => {
  response.writeHead(201, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"id":', () => response.socket?.destroy());
};
