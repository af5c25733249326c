import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openResourceDb } from '@venfleet/resource-db';
import { type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from './support/fault-proxy.js';
import {
  businessToken,
  contentOf,
  prepareFleet,
  registerArguments,
  type SummaryJson,
  startVtn,
  type Workplace,
  workplace,
} from './support/fleet.js';
import { jsonOf, runProgram, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
const VERSIONS = ['3.0.1', '3.1.0'] as const;
const VENS = ['Aalborg', 'Aarhus', 'Herning', 'Randers', 'Vejle'];

let prepared: Workplace;
let expected: string[];
beforeAll(async () => {
  prepared = await prepareFleet(`${folder}/fleet`, { vens: VENS, perFile: 12 });
  const db = openResourceDb(prepared.db, 'readonly');
  expected = db.resources
    .vens()
    .flatMap(({ name }) => db.resources.byVen(name).map((resource) => `${name}/${resource.resourceId}`))
    .sort();
  db.close();
  expect(expected.length).toBeGreaterThan(400);
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Scene {
  readonly place: Workplace;
  readonly url: string;
  readonly direct: string;
  readonly proxy: FaultProxy;
}

let scenes = 0;
/** A VTN with a proxy in front of it that does to each request what `decide` says. */
async function scene(
  version: string,
  decide: (request: ProxiedRequest) => Fault | undefined,
  dataFile = ':memory:',
): Promise<Scene> {
  const place = { ...prepared, state: workplace(folder, `scene-${++scenes}`).state };
  const { vtn, address } = await startVtn({ clients: prepared.credentials, dataFile });
  stops.push(() => vtn.stop());
  const proxy = await startFaultProxy(address.origin, decide);
  stops.push(() => proxy.close());
  return { place, proxy, url: `${proxy.origin}/openadr3/${version}`, direct: `${address.origin}/openadr3/${version}` };
}

async function expectComplete({ direct, place }: Scene): Promise<void> {
  const { vens, resources } = await contentOf(direct, await businessToken(direct, place.credentials));
  expect(vens).toEqual([...VENS].sort());
  expect(resources).toEqual(expected);
}

const isCreation = ({ method, path }: ProxiedRequest) => method === 'POST' && /\/(vens|resources)$/.test(path);

async function expectClean({ place, url }: Scene): Promise<SummaryJson> {
  const outcome = await runProgram('ven-agent', registerArguments(place, url));
  const summary = jsonOf<SummaryJson>(outcome);
  expect([...new Set(summary.failures.map(({ code, message }) => `${code}: ${message}`))]).toEqual([]);
  expect(outcome.status).toBe(0);
  return summary;
}

describe.each(VERSIONS)('register over %s', (version) => {
  test.each([1, 3, 12, 20, 60, 110, 200, 333, 450, 490])(
    'killed at its request number %i and run again: complete, nothing twice',
    async (moment) => {
      let kill: ((signal: NodeJS.Signals) => void) | undefined;
      const s = await scene(version, ({ number }) => {
        if (number === moment) kill?.('SIGKILL');
        return undefined;
      });
      const killed = await runProgram('ven-agent', registerArguments(s.place, s.url), { onStart: (k) => (kill = k) });
      expect(killed.signal).toBe('SIGKILL');
      kill = undefined;
      await expectClean(s);
      await expectComplete(s);
      expect((await expectClean(s)).changes).toBe(0);
    },
  );

  test('every seventh request answered 500, 502, 429 or reset: completes, nothing twice', async () => {
    const faults: Fault[] = [
      { kind: 'answer', status: 500 },
      { kind: 'reset' },
      { kind: 'answer', status: 429, headers: { 'retry-after': '0' } },
      { kind: 'answer', status: 502, body: '<html>Bad Gateway</html>' },
    ];
    const s = await scene(version, ({ number }) => (number % 7 === 0 ? faults[(number / 7) % faults.length] : undefined));
    await expectClean(s);
    await expectComplete(s);
  });

  test('a VTN that is still starting when it is first asked is waited for', async () => {
    const s = await scene(version, ({ number }) => (number <= 3 ? { kind: 'answer', status: 503 } : undefined));
    await expectClean(s);
    await expectComplete(s);
  });

  test('an interrupt ends it at once, also while the VTN lets it wait, and the next run completes', async () => {
    let kill: ((signal: NodeJS.Signals) => void) | undefined;
    const s = await scene(version, ({ number }) => {
      if (number < 100 || kill === undefined) return undefined;
      kill('SIGINT');
      kill = undefined;
      return { kind: 'answer', status: 503, headers: { 'retry-after': '250' } };
    });
    const stopped = await runProgram('ven-agent', registerArguments(s.place, s.url), { onStart: (k) => (kill = k) });
    expect(stopped).toMatchObject({ status: 130, stdout: '', stderr: expect.stringContaining('stopped by SIGINT') });
    await expectClean(s);
    await expectComplete(s);
  });

  test('creations carried out whose answer is lost are found again, not repeated', async () => {
    const s = await scene(version, (r) => (isCreation(r) && r.number % 5 === 0 ? { kind: 'lose-answer' } : undefined));
    await expectClean(s);
    await expectComplete(s);
  });

  test('line 62: objects that exist already (409) are adopted', async () => {
    const s = await scene(version, () => undefined);
    await expectClean(s);
    // The VTN hides what is there from the listings, as one with a stale cache would; its 409 is right all the same.
    const stale: ProxiedRequest[] = [];
    const blind = await startFaultProxy(s.proxy.target, (r) => {
      const listing = r.method === 'GET' && /\/resources\?/.test(r.path) && !r.path.includes('resourceName=');
      if (listing) stale.push(r);
      return listing ? { kind: 'answer', status: 200, body: [] } : undefined;
    });
    stops.push(() => blind.close());
    await expectClean({ ...s, url: `${blind.origin}/openadr3/${version}` });
    expect(stale.length).toBeGreaterThan(0);
    await expectComplete(s);
  });

  test('tokens that expire in mid-run are renewed once each', async () => {
    // A token is good for this many requests, of the hundred or so that each VEN makes.
    const LIFE = 40;
    const uses = new Map<string, number>();
    let issues = 0;
    const s = await scene(version, ({ path, authorization }) => {
      if (path.endsWith('/token')) issues++;
      if (authorization === undefined) return undefined;
      const used = (uses.get(authorization) ?? 0) + 1;
      uses.set(authorization, used);
      return used > LIFE ? { kind: 'answer', status: 401 } : undefined;
    });
    await expectClean(s);
    expect(issues).toBe(uses.size);
    expect([...uses.values()].filter((used) => used > LIFE).length).toBeGreaterThan(2);
    await expectComplete(s);
  });

  test('a VTN that is restarted in mid-run, with its tokens gone, is waited for', async () => {
    const dataFile = `${folder}/restart-${version}.db`;
    let restart: (() => Promise<void>) | undefined;
    const s = await scene(
      version,
      ({ number }) => {
        if (number === 150) void restart?.();
        return undefined;
      },
      dataFile,
    );
    const stopFirst = stops.shift();
    let restarted: Promise<void> | undefined;
    restart = () => {
      restarted = (async () => {
        await stopFirst?.();
        const { vtn, address } = await startVtn({ clients: prepared.credentials, dataFile });
        stops.unshift(() => vtn.stop());
        s.proxy.target = address.origin;
      })();
      return restarted;
    };
    await expectClean(s);
    await restarted;
    await expectComplete({ ...s, direct: `${s.proxy.target}/openadr3/${version}` });
  });

  test('a slow VTN is served to the end', async () => {
    const s = await scene(version, (r) => (isCreation(r) ? { kind: 'delay', ms: 40 } : undefined));
    await expectClean(s);
    await expectComplete(s);
  });

  test('what cannot be done is reported resource by resource, the rest is done, and the exit status is 1', async () => {
    let creations = 0;
    const s = await scene(version, (r) =>
      isCreation(r) && r.path.endsWith('/resources') && ++creations <= 3
        ? { kind: 'answer', status: 400, body: { type: 'about:blank', title: 'Bad Request', status: 400, detail: 'not today' } }
        : undefined,
    );
    const outcome = await runProgram('ven-agent', registerArguments(s.place, s.url));
    const summary = jsonOf<SummaryJson>(outcome);
    expect(outcome.status).toBe(1);
    expect(summary.resources).toMatchObject({ failed: 3, created: expected.length - 3 });
    expect(summary.vens.failed).toBe(0);
    expect(summary.failures).toHaveLength(3);
    for (const failure of summary.failures) {
      expect(expected).toContain(`${failure.ven}/${failure.resource}`);
      expect(failure.message).toContain('not today');
    }
    await expectClean(s);
    await expectComplete(s);
  });
});
