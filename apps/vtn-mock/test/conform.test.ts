import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { milliseconds, seconds, seededRandom, silentLogger, systemClock } from '@venfleet/core';
import { createHttpTransport, type HttpTransport, type WireVersion } from '@venfleet/openadr';
import { type ConformOptions, type ConformResult, checkConformance, linesOf, Receiver } from '@venfleet/openadr/conform';
import { breaches } from './support/breaches.js';
import { through } from './support/sabotage.js';
import { CLIENTS, TestVtn, VERSIONS } from './support/vtn.js';

/** The conformance tool, aimed at the mock: it finds nothing wrong, and finds what is made wrong. */

const [bl, ven, otherVen] = CLIENTS;
const LISTS = ['/programs', '/events', '/reports', '/subscriptions', '/vens'];

/** With time that passes by itself, as deliveries need it. */
const testMode = () => new TestVtn({ clock: systemClock, callbacks: { http: true, privateAddresses: true }, mqtt: { port: 0 } });

let receiver: Receiver;
let transport: HttpTransport;

beforeAll(async () => {
  receiver = new Receiver({ host: '127.0.0.1', port: 0, clock: systemClock });
  await receiver.start();
  transport = createHttpTransport({ clock: systemClock, logger: silentLogger });
});
afterAll(async () => {
  await transport.close();
  await receiver.stop();
});

async function check(vtn: TestVtn, version: WireVersion, options: Partial<ConformOptions> = {}): Promise<ConformResult> {
  const baseUrl = vtn.address.urls[version];
  return await checkConformance({
    vtn: { version, baseUrl, tokenUrl: `${baseUrl}/auth/token` },
    bl,
    ven,
    otherVen,
    transport,
    receiver,
    patience: seconds(20),
    grace: milliseconds(50),
    clock: systemClock,
    random: seededRandom('conform'),
    signal: new AbortController().signal,
    ...options,
  });
}

/** What is there, as business logic sees it. */
async function content(vtn: TestVtn, version: WireVersion): Promise<unknown[]> {
  const api = vtn.api(version, 'bl');
  const lists = await Promise.all(LISTS.map((path) => api.ok(api.get(path))));
  return lists.flat();
}

const troubles = ({ lines }: ConformResult) => lines.filter(({ outcome, notes }) => outcome !== 'pass' || notes.length > 0);

describe.each(VERSIONS)('the conformance tool and the mock as OpenADR %s', (version) => {
  it('passes every line of the version, whole, and leaves nothing behind', async () => {
    const vtn = await testMode().start();
    try {
      const api = vtn.api(version, 'bl');
      const foreign = await api.ok(api.post('/programs', { programName: 'conform, but not of the tool' }));
      const result = await check(vtn, version, { lines: (line) => line !== 29 });
      expect(troubles(result)).toEqual([]);
      expect(result.lines.map(({ line }) => line)).toEqual(
        linesOf(version).flatMap(({ number }) => (number === 29 ? [] : [number])),
      );
      expect(result.leftBehind).toEqual([]);
      expect(await content(vtn, version)).toEqual([foreign]);
    } finally {
      await vtn.stop();
    }
  });

  it('passes line 29 outside test mode, and skips it within, where nothing can be said', async () => {
    for (const [http, outcome] of [
      [false, 'pass'],
      [true, 'skip'],
    ] as const) {
      const vtn = await new TestVtn({ clock: systemClock, callbacks: { http, privateAddresses: true, loopback: false } }).start();
      try {
        const { lines } = await check(vtn, version, { lines: (line) => line === 29 });
        expect(lines.map((line) => line.outcome)).toEqual([outcome]);
      } finally {
        await vtn.stop();
      }
    }
  });

  it('fails line 29 where https is at hand and http is taken none the less', async () => {
    const vtn = await testMode().start();
    const publicUrl = 'https://127.0.0.1:1';
    const secure = new Receiver({ host: '127.0.0.1', port: 0, publicUrl, clock: systemClock });
    await secure.start();
    try {
      const accept = through(transport, async (request, forward) => {
        const response = await forward(request);
        return request.url.endsWith('/subscriptions') ? { ...response, status: 201, body: '{"id":"none"}' } : response;
      });
      const { lines } = await check(vtn, version, { lines: (line) => line === 29, receiver: secure, transport: accept });
      expect(lines).toMatchObject([
        { outcome: 'fail', differences: [{ expected: expect.stringContaining('http://127.0.0.1:1/') }] },
      ]);
    } finally {
      await secure.stop();
      await vtn.stop();
    }
  });

  it('says what it could not look at without VEN clients and without callbacks, and fails nothing for it', async () => {
    const vtn = await new TestVtn({ clock: systemClock, callbacks: { loopback: false } }).start();
    try {
      const result = await check(vtn, version, { ven: undefined, otherVen: undefined });
      const outcomes = new Map(result.lines.map((line) => [line.line, line.outcome]));
      expect(result.lines.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
      for (const line of [14, 20, 28, 30, 31]) expect([line, outcomes.get(line)]).toEqual([line, 'skip']);
      expect(result.lines.find(({ line }) => line === 1)?.notes).toEqual([
        expect.stringContaining('--ven-client-id'),
        expect.stringContaining('--callback-url'),
      ]);
      expect(await content(vtn, version)).toEqual([]);
    } finally {
      await vtn.stop();
    }
  });

  it('deletes what it has made when it is interrupted, even what it had no answer for', async () => {
    const vtn = await testMode().start();
    try {
      for (const last of [1, 4, 6]) {
        const controller = new AbortController();
        let posts = 0;
        const interrupting = through(transport, async (request, forward) => {
          const isPost = request.method === 'POST' && !request.url.includes('/auth/');
          if (!isPost || ++posts !== last) return await forward(request);
          await forward(request);
          controller.abort(new DOMException('stopped', 'AbortError'));
          throw controller.signal.reason;
        });
        const result = await check(vtn, version, {
          transport: interrupting,
          signal: controller.signal,
          lines: (line) => line === 1,
        });
        expect(result).toMatchObject({ interrupted: true, lines: [], leftBehind: [] });
        expect(await content(vtn, version)).toEqual([]);
      }
    } finally {
      await vtn.stop();
    }
  });

  it('checks nothing with a secret that is wrong', async () => {
    const vtn = await testMode().start();
    try {
      const wrong = { clientId: 'ven-a', clientSecret: 'wrong-secret' };
      await expect(check(vtn, version, { ven: wrong })).rejects.toMatchObject({ code: 'VTN_AUTH' });
      expect(await content(vtn, version)).toEqual([]);
    } finally {
      await vtn.stop();
    }
  });

  it('shows no secret, whatever it shows', async () => {
    const vtn = await testMode().start();
    try {
      const odd = through(transport, async (request, forward) => {
        const response = await forward(request);
        if (request.headers.authorization?.startsWith('Bearer')) return { ...response, status: 418 };
        return { ...response, body: response.body.replace('"token_type":"Bearer"', '"token_type":"bearer"') };
      });
      const result = await check(vtn, version, { transport: odd });
      const text = JSON.stringify(result);
      expect(result.lines.find(({ line }) => line === 25)?.differences?.[0]?.seen).toContain('"access_token":"[redacted]"');
      expect(result.lines.filter(({ outcome }) => outcome === 'fail').length).toBeGreaterThan(20);
      for (const { clientId, clientSecret } of CLIENTS) {
        expect(text).not.toContain(clientSecret);
        expect(text).not.toContain(await vtn.token(clientId, version));
      }
      expect(text).not.toMatch(/eyJ[A-Za-z0-9_-]{20}/);
    } finally {
      await vtn.stop();
    }
  });
});

describe('a VTN that breaks a rule', () => {
  let vtn: TestVtn;
  beforeAll(async () => {
    vtn = await testMode().start();
  });
  afterAll(async () => await vtn.stop());

  const cases = breaches((clientId, version) => vtn.token(clientId, version));

  it.each(cases.map((one) => [one.line, one.breach, one] as const))('%d: %s', async (line, _, { version, sabotage }) => {
    const result = await check(vtn, version, {
      lines: (number) => number === line,
      transport: through(transport, sabotage),
      patience: milliseconds(500),
    });
    expect(result.lines).toMatchObject([{ line, outcome: 'fail' }]);
    expect(JSON.stringify(result.lines[0]?.differences)).not.toContain('that can be judged');
    const left = await content(vtn, version);
    expect(left.filter((object) => JSON.stringify(object).includes('conform-'))).toEqual([]);
  });

  it('is tried for every line of both versions but 29, which has a test of its own', () => {
    const tried = new Set(cases.map(({ line }) => line));
    const lines = VERSIONS.flatMap(linesOf).map(({ number }) => number);
    expect([...new Set(lines)].filter((line) => !tried.has(line))).toEqual([29]);
  });
});
