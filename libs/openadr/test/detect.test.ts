import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { detectVtn, type HttpTransport, VtnError } from '../src/index.js';
import { type Handler, problem, type Rig, rig, serve, type TestServer } from './support/server.js';

let server: TestServer;
let tools: Rig;
beforeEach(async () => {
  server = await serve(() => problem(404, 'Not Found'));
  tools = rig();
});
afterEach(async () => {
  await tools.transport.close();
  await server.close();
});

const detect = (path = '', more = {}) => detectVtn(server.url + path, { transport: tools.transport, ...more });

async function failure(work: Promise<unknown>): Promise<VtnError> {
  const error = await work.then(
    (vtn) => new Error(`detected ${JSON.stringify(vtn)}`),
    (e: unknown) => e,
  );
  if (error instanceof VtnError) return error;
  throw error;
}

/** A VTN below `base`: version 3.1 with a token URL, or 3.0.1 without. */
const vtnAt =
  (base: string, tokenURL?: string): Handler =>
  ({ path }) => {
    if (tokenURL !== undefined && path === `${base}/auth/server`) return { body: { tokenURL } };
    if (path === `${base}/programs`) return problem(401, 'Unauthorized');
    return problem(404, 'Not Found');
  };

describe('detectVtn', () => {
  it('line 60: knows 3.1 by GET /auth/server, whose token URL may be relative', async () => {
    for (const [given, url] of [
      ['auth/token', `${server.url}/v/auth/token`],
      ['/oauth/token', `${server.url}/oauth/token`],
      ['https://login.example/token', 'https://login.example/token'],
    ] as const) {
      server.handle(vtnAt('/v', given));
      expect(await detect('/v/')).toEqual({ version: '3.1.0', baseUrl: `${server.url}/v`, tokenUrl: url });
    }
  });

  it('sends nobody from a VTN over https to a token endpoint without it: the secret could be read on the way', async () => {
    const transport: HttpTransport = {
      request: async () => ({ status: 200, headers: {}, body: JSON.stringify({ tokenURL: 'http://vtn.example/token' }) }),
      close: async () => {},
    };
    const error = await failure(detectVtn('https://vtn.example/v', { ...tools, transport }));
    expect([error.code, error.hint]).toEqual(['VTN_PROTOCOL', expect.stringContaining('no secret is sent there')]);
  });

  it.each([
    ['a list of programs', { body: [{ programName: 'p' }] }],
    ['an empty list', { body: [] }],
    ['a problem of 401', problem(401, 'Unauthorized')],
    ['a problem of 403', { status: 403, body: { title: 'Forbidden' } }],
  ])('knows 3.0.1 by GET /programs: %s', async (_, answer) => {
    server.handle(({ path }) => (path === '/v/programs' ? answer : problem(404, 'Not Found')));
    expect(await detect('/v')).toEqual({ version: '3.0.1', baseUrl: `${server.url}/v`, tokenUrl: `${server.url}/v/auth/token` });
  });

  it('takes a version on trust', async () => {
    expect((await detect('/v', { version: '3.0.1' })).version).toBe('3.0.1');
    expect(server.requests).toHaveLength(0);
    expect(await detect('/v', { version: '3.1.0' })).toEqual({
      version: '3.1.0',
      baseUrl: `${server.url}/v`,
      tokenUrl: `${server.url}/v/auth/token`,
    });
  });

  it('names the base paths that would work when only the origin is given', async () => {
    const [both, neither] = [vtnAt('/openadr3/3.1.0', 'auth/token'), vtnAt('/openadr3/3.0.1')];
    server.handle((request) => (request.path.startsWith('/openadr3/3.1.0') ? both(request) : neither(request)));
    const error = await failure(detect('/'));
    expect(error.code).toBe('NOT_OPENADR');
    expect(error.hint).toBe(`use ${server.url}/openadr3/3.1.0 or ${server.url}/openadr3/3.0.1`);
  });

  it.each([
    ['an HTML page', { body: '<!doctype html><title>Router</title>' }, '200, an HTML page "Router"'],
    ['other JSON', { body: { name: 'printer', title: 'Laser' } }, '200 with other JSON: Laser'],
    ['a list of other things', { body: [{ name: 'x' }] }, '200 with other JSON'],
    ['text', { status: 401, body: 'go away' }, '401 with no JSON: go away'],
    ['nothing', { status: 404 }, '404 without a body'],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://x.example/login?next=1' } },
      'a redirect to https://x.example/login',
    ],
  ])('says what it saw instead: %s', async (_, answer, said) => {
    server.handle(() => answer);
    const error = await failure(detect('/v'));
    expect(error.code).toBe('NOT_OPENADR');
    expect(error.message).toContain(said);
    expect(error.hint).toBeDefined();
  });

  it.each(['localhost:8000', 'ftp://localhost', 'nonsense', '', 'http://h/x?y=1', 'http://h/#x'])(
    'refuses the URL "%s"',
    async (url) => {
      expect((await failure(detectVtn(url, tools))).code).toBe('NOT_OPENADR');
    },
  );

  it('refuses credentials in the URL without repeating them', async () => {
    const error = await failure(detectVtn('http://me:hush@localhost:1/', tools));
    expect(error.code).toBe('NOT_OPENADR');
    expect(JSON.stringify([error.message, error.hint, error.context])).not.toContain('hush');
  });

  it('tells a VTN that is down or out of order from one that is none', async () => {
    server.handle(() => problem(503, 'Busy'));
    expect(await failure(detect('/v'))).toMatchObject({ code: 'VTN_PROBLEM', status: 503 });
    const { url } = server;
    await server.close();
    expect(await failure(detectVtn(url, tools))).toMatchObject({ code: 'VTN_UNREACHABLE' });
    server = await serve(() => ({}));
  });

  it('asks again while the VTN is out of order, where retries are wished', async () => {
    let left = 2;
    const working = vtnAt('/v', 'auth/token');
    server.handle((request) => (left-- > 0 ? problem(500, 'Oops') : working(request)));
    expect((await detect('/v', { retries: tools })).version).toBe('3.1.0');
    expect(server.requests).toHaveLength(3);
  });

  it('asks again where a connection was taken and cut, but not for ever', async () => {
    const cut: Handler = () => (response) => response.destroy();
    let left = 2;
    const working = vtnAt('/v', 'auth/token');
    server.handle((request) => (left-- > 0 ? cut(request) : working(request)));
    expect((await detect('/v', { retries: tools })).version).toBe('3.1.0');
    server.handle(cut);
    expect((await failure(detect('/v', { retries: tools }))).code).toBe('VTN_UNREACHABLE');
    expect(server.requests).toHaveLength(3 + 4);
  });

  it('tells at once, retries or not, that nothing listens', async () => {
    const { url } = server;
    await server.close();
    expect(await failure(detectVtn(url, { transport: tools.transport, retries: tools }))).toMatchObject({
      code: 'VTN_UNREACHABLE',
    });
    expect(tools.clock.sleeps).toEqual([]);
    server = await serve(() => ({}));
  });
});
