import { describe, expect, test } from '@jest/globals';
import { ApiClient, type Fetch } from '../src/api/client.js';
import { Login } from '../src/api/login.js';
import { json } from './support.js';

/** A server that gives tokens t1, t2, … and takes only the newest one that it has not withdrawn. */
function server() {
  const asked: { path: string; authorization: string | null; body: string }[] = [];
  let given = 0;
  let good = '';
  const fetch: Fetch = async (path, init) => {
    const headers = new Headers(init?.headers);
    const body = String(init?.body ?? '');
    asked.push({ path, authorization: headers.get('authorization'), body });
    if (path === '/auth/token') {
      if (!body.includes('client_secret=right')) return json({ title: 'Unauthorized', detail: 'the secret is wrong' }, 401);
      good = `t${++given}`;
      return json({ access_token: good, token_type: 'Bearer', expires_in: 3600 });
    }
    if (headers.get('authorization') !== `Bearer ${good}` || good === '') return json({ title: 'no token' }, 401);
    return json({ path, method: init?.method });
  };
  return {
    fetch,
    asked,
    withdraw: () => {
      good = '';
    },
  };
}

function storage() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

function client() {
  const vtn = server();
  const store = storage();
  const login = new Login(vtn.fetch, store);
  return { vtn, store, login, api: new ApiClient(vtn.fetch, login) };
}

describe('logging in', () => {
  test('by client credentials sends them as a form, and the token with each call', async () => {
    const { vtn, login, api } = client();
    await login.byClient('/auth/token', 'bl client', 'right');
    expect(vtn.asked[0]?.body).toBe('grant_type=client_credentials&client_id=bl+client&client_secret=right');
    await expect(api.get('/x')).resolves.toEqual({ path: '/x', method: 'GET' });
    expect(vtn.asked.at(-1)?.authorization).toBe('Bearer t1');
  });

  test('keeps the token, and never the secret', async () => {
    const { store, login } = client();
    await login.byClient('/auth/token', 'bl', 'right');
    expect([...store.kept.values()]).toEqual(['t1']);
  });

  test('with a wrong secret fails with what the server says of it, and keeps nothing', async () => {
    const { store, login } = client();
    await expect(login.byClient('/auth/token', 'bl', 'wrong')).rejects.toMatchObject({
      code: 'API_UNAUTHORIZED',
      message: 'the secret is wrong',
    });
    expect(store.kept.size).toBe(0);
    expect(login.token()).toBeUndefined();
  });

  test('is done again, once for all calls, when a token has run out', async () => {
    const { vtn, login, api } = client();
    await login.byClient('/auth/token', 'bl', 'right');
    vtn.withdraw();
    await expect(Promise.all([api.get('/a'), api.get('/b')])).resolves.toHaveLength(2);
    expect(vtn.asked.filter(({ path }) => path === '/auth/token')).toHaveLength(2);
    vtn.withdraw();
    await expect(api.get('/c')).resolves.toMatchObject({ path: '/c' });
  });

  test('cannot be done again with a token that somebody typed', async () => {
    const { vtn, login, api } = client();
    login.byToken('typed');
    await expect(api.get('/a')).rejects.toMatchObject({ code: 'API_UNAUTHORIZED' });
    expect(vtn.asked).toHaveLength(1);
  });

  test('is over for good when one logs out', async () => {
    const { vtn, login, api } = client();
    await login.byClient('/auth/token', 'bl', 'right');
    login.end();
    await expect(api.get('/a')).rejects.toMatchObject({ code: 'API_UNAUTHORIZED' });
    expect(vtn.asked.at(-1)?.authorization).toBeNull();
  });
});

describe('a refusal', () => {
  const answering = (response: () => Response | Promise<Response>) =>
    new ApiClient(async () => response(), { token: () => 't', renew: async () => false });

  test('of a form says what is wrong in which field', async () => {
    const api = answering(() => json({ detail: 'bad', fields: { shed: 'It must be a percentage.' } }, 400));
    await expect(api.send('POST', '/events', {})).rejects.toMatchObject({
      code: 'API_REFUSED',
      message: 'bad',
      fields: { shed: 'It must be a percentage.' },
    });
  });

  test('for too many attempts says how long to wait', async () => {
    const api = answering(() => json({ detail: 'slow down' }, 429, { 'retry-after': '30' }));
    await expect(api.get('/x')).rejects.toMatchObject({ code: 'API_BUSY', hint: 'try again in 30 s' });
  });

  test("by something that is not the console's server is told by its status", async () => {
    const api = answering(() => new Response('<h1>Bad Gateway</h1>', { status: 502 }));
    await expect(api.get('/x')).rejects.toMatchObject({ code: 'API_FAILED', message: 'the server answered 502' });
  });

  test('to connect is told as such; what was given up is not', async () => {
    const api = answering(() => Promise.reject(new TypeError('fetch failed')));
    await expect(api.get('/x')).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
    const aborted = answering(() => Promise.reject(new DOMException('gone', 'AbortError')));
    await expect(aborted.get('/x')).rejects.toMatchObject({ name: 'AbortError' });
  });
});
