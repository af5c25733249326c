import { beforeAll, describe, expect, test } from '@jest/globals';
import { openResourceDb } from '@venfleet/resource-db';
import { registerFleet } from '@venfleet/ven-agent';
import type { VtnMockOptions } from '@venfleet/vtn-mock';
import {
  businessToken,
  contentOf,
  prepareFleet,
  readCredentials,
  registerArguments,
  type SummaryJson,
  startVtn,
  tokenFor,
  type Workplace,
  workplace,
} from './support/fleet.js';
import { jsonOf, runProgram, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
const VERSIONS = ['3.0.1', '3.1.0'] as const;
const SMALL = ['Aalborg', 'Nykøbing Falster', 'Hjørring'];

async function withVtn<T>(
  place: Workplace,
  version: (typeof VERSIONS)[number],
  work: (url: string) => Promise<T>,
  options: VtnMockOptions = {},
): Promise<T> {
  const { vtn, address } = await startVtn({ clients: place.credentials, ...options });
  try {
    return await work(address.urls[version]);
  } finally {
    await vtn.stop();
  }
}

/** Another agent's state for the same fleet and credentials. */
function freshState(place: Workplace, name: string): Workplace {
  return { ...place, state: workplace(folder, name).state };
}

const register = async (place: Workplace, url: string, ...more: string[]) => {
  const outcome = await runProgram('ven-agent', [...registerArguments(place, url), ...more]);
  return { ...outcome, summary: jsonOf<SummaryJson>(outcome) };
};

describe('the whole sample fleet', () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await prepareFleet(folder);
  });

  test.each(VERSIONS)('over %s: 158 VENs and 9,714 resources are created, and a second run changes nothing', async (version) => {
    const mine = freshState(place, `whole-${version}`);
    await withVtn(mine, version, async (url) => {
      const first = await register(mine, url);
      expect(first.summary.failures).toEqual([]);
      expect(first.status).toBe(0);
      expect(first.summary.vens).toMatchObject({ total: 158, created: 158, failed: 0 });
      expect(first.summary.resources).toMatchObject({ total: 9714, created: 9714, failed: 0, surplus: 0 });

      const second = await register(mine, url);
      expect(second.status).toBe(0);
      expect(second.summary.changes).toBe(0);
      expect(second.summary.vens).toMatchObject({ unchanged: 158 });
      expect(second.summary.resources).toMatchObject({ unchanged: 9714 });

      const { vens, resources } = await contentOf(url, await businessToken(url, mine.credentials));
      expect([vens.length, new Set(vens).size]).toEqual([158, 158]);
      expect([resources.length, new Set(resources).size]).toEqual([9714, 9714]);
    });
  });

  test('--limit 3 takes the three biggest: Aalborg, Aarhus and Herning with 1,691 resources', async () => {
    const mine = freshState(place, 'limit');
    await withVtn(mine, '3.0.1', async (url) => {
      const { summary } = await register(mine, url, '--limit', '3');
      expect([summary.vens.created, summary.resources.created]).toEqual([3, 1691]);
      const { vens } = await contentOf(url, await businessToken(url, mine.credentials));
      expect(vens).toEqual(['Aalborg', 'Aarhus', 'Herning']);
      const status = jsonOf<{ vtns: { vens: number; resources: number; missing: string[] }[] }>(
        await runProgram('ven-agent', ['status', '--db', mine.db, '--state', mine.state, '--json']),
      );
      expect(status.vtns.map((vtn) => [vtn.vens, vtn.resources, vtn.missing.length])).toEqual([[3, 1691, 155]]);
    });
  });
});

describe.each(VERSIONS)('a small fleet over %s', (version) => {
  let prepared: Workplace;
  let total: number;
  beforeAll(async () => {
    prepared = await prepareFleet(`${folder}/small-${version}`, { vens: SMALL });
    const db = openResourceDb(prepared.db, 'readonly');
    total = db.resources.vens().reduce((sum, ven) => sum + ven.resources, 0);
    db.close();
  });
  const mine = (name: string) => freshState(prepared, `${name}-${version}`);

  test('a VEN is named after its city, whole, and a resource after its id', async () => {
    const place = mine('names');
    await withVtn(place, version, async (url) => {
      await register(place, url);
      const { vens, resources } = await contentOf(url, await businessToken(url, place.credentials));
      expect(vens).toEqual([...SMALL].sort());
      expect(resources.every((name) => /^[^/]+\/[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-/.test(name))).toBe(true);
      expect(resources).toHaveLength(total);
    });
  });

  test('--dry-run tells the difference and changes nothing, neither on the VTN nor in the state', async () => {
    const place = mine('dry');
    await withVtn(place, version, async (url) => {
      const { summary, status } = await register(place, url, '--dry-run');
      expect([status, summary.vens.created, summary.resources.created, summary.changes]).toEqual([0, 3, total, total + 3]);
      const { vens, resources } = await contentOf(url, await businessToken(url, place.credentials));
      expect([vens, resources]).toEqual([[], []]);
      const state = await runProgram('ven-agent', ['status', '--db', place.db, '--state', place.state]);
      expect([state.status, state.stderr]).toEqual([1, expect.stringContaining('ven-agent:register')]);
    });
  });

  test('--ven takes the named VENs alone; an unknown name is refused before anything is asked of the VTN', async () => {
    const place = mine('ven');
    await withVtn(place, version, async (url) => {
      const { summary } = await register(place, url, '--ven', 'Nykøbing Falster');
      expect(summary.vens).toMatchObject({ total: 1, created: 1 });
      const wrong = await runProgram('ven-agent', [...registerArguments(place, url), '--ven', 'Nykøbing']);
      expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('no VEN named Nykøbing')]);
    });
  });

  test('what changed in the database is updated on the VTN, and what somebody else added there stays', async () => {
    const place = await prepareFleet(`${folder}/update-${version}`, { vens: SMALL });
    await withVtn(place, version, async (url) => {
      await register(place, url);
      const db = openResourceDb(place.db, 'readwrite');
      const [first] = db.resources.byVen('Aalborg');
      if (first === undefined) throw new Error('no resource');
      db.resources.update(first.resourceId, { address: 'Nygade 1, 9000 Aalborg' });
      db.close();
      const { summary } = await register(place, url);
      expect(summary.resources).toMatchObject({ updated: 1, unchanged: total - 1, created: 0 });
      expect((await register(place, url)).summary.changes).toBe(0);
    });
  });

  test('--prune deletes resources and VENs that are gone from the database, and nothing without it', async () => {
    const place = await prepareFleet(`${folder}/prune-${version}`, { vens: SMALL });
    await withVtn(place, version, async (url) => {
      await register(place, url);
      const db = openResourceDb(place.db, 'readwrite');
      const gone = db.resources.byVen('Hjørring');
      const [one] = db.resources.byVen('Aalborg');
      for (const resource of [...gone, ...(one === undefined ? [] : [one])]) db.resources.delete(resource.resourceId);
      db.close();
      const kept = await register(place, url);
      expect([kept.summary.resources.surplus, kept.summary.changes]).toEqual([1, 1]); // Aalborg’s totals changed
      const planned = await register(place, url, '--prune', '--dry-run');
      expect([planned.summary.resources.deleted, planned.summary.vensDeleted]).toEqual([1, ['Hjørring']]);
      const pruned = await register(place, url, '--prune');
      expect([pruned.status, pruned.summary.resources.deleted, pruned.summary.vens.deleted]).toEqual([0, 1, 1]);
      const { vens, resources } = await contentOf(url, await businessToken(url, place.credentials));
      expect([vens, resources.length]).toEqual([['Aalborg', 'Nykøbing Falster'], total - gone.length - 1]);
      expect((await register(place, url, '--prune')).summary.changes).toBe(0);
    });
  });

  test('line 63: where only business logic may create VENs, they are provisioned with its client and used with their own', async () => {
    const place = mine('provision');
    await withVtn(
      place,
      version,
      async (url) => {
        const { status, summary } = await register(place, url);
        expect([status, summary.vens.created, summary.resources.created]).toEqual([0, 3, total]);
        expect((await register(place, url)).summary.changes).toBe(0);
      },
      { venSelfRegistration: false },
    );
  });

  test('without a business-logic client such a VTN is reported as a lack of permission, with the cure', async () => {
    const place = mine('no-bl');
    const { clients } = readCredentials(place.credentials);
    const vensOnly = { clients: clients.filter(({ role }) => role === 'VEN') };
    const { vtn, address } = await startVtn({ clients: place.credentials, venSelfRegistration: false });
    try {
      const aalborg = vensOnly.clients.find(({ venName }) => venName === 'Aalborg');
      const outcome = await runProgram(
        'ven-agent',
        ['register', '--vtn-url', address.urls[version], '--db', place.db, '--state', place.state, '--ven', 'Aalborg', '--json'],
        { env: { VENFLEET_CLIENT_ID: aalborg?.clientId, VENFLEET_CLIENT_SECRET: aalborg?.clientSecret } },
      );
      const summary = jsonOf<SummaryJson>(outcome);
      expect(outcome.status).toBe(1);
      expect(summary.vens).toMatchObject({ failed: 1, created: 0 });
      expect(summary.failures[0]).toMatchObject({ ven: 'Aalborg', code: 'NOT_PERMITTED' });
      expect(`${outcome.stdout}${outcome.stderr}`).not.toContain(aalborg?.clientSecret);
    } finally {
      await vtn.stop();
    }
  });

  test('without one, a VEN that the operator has made is used as it is', async () => {
    const place = mine('made-by-operator');
    const credentials = readCredentials(place.credentials).clients.find(({ venName }) => venName === 'Aalborg');
    await withVtn(
      place,
      version,
      async (url) => {
        const owner = version === '3.0.1' ? {} : { objectType: 'BL_VEN_REQUEST', clientID: credentials?.clientId };
        const authorization = `Bearer ${await businessToken(url, place.credentials)}`;
        const headers = { authorization, 'content-type': 'application/json' };
        const body = JSON.stringify({ ...owner, venName: 'Aalborg' });
        expect((await fetch(`${url}/vens`, { method: 'POST', headers, body })).status).toBe(201);
        const outcome = await runProgram(
          'ven-agent',
          ['register', '--vtn-url', url, '--db', place.db, '--state', place.state, '--ven', 'Aalborg', '--json'],
          { env: { VENFLEET_CLIENT_ID: credentials?.clientId, VENFLEET_CLIENT_SECRET: credentials?.clientSecret } },
        );
        const { vens, resources } = jsonOf<SummaryJson>(outcome);
        expect([outcome.status, vens.unchanged, resources.failed, resources.created > 0]).toEqual([0, 1, 0, true]);
        expect(outcome.stderr).toContain('the VEN is used as it is');
      },
      { venSelfRegistration: false },
    );
  });

  test('a wrong secret fails its own VEN and no other', async () => {
    const place = mine('wrong-secret');
    const right = readCredentials(place.credentials).clients;
    const clients = right.map((c) =>
      c.venName === 'Hjørring' ? { ...c, clientSecret: 'another' } : c,
    ) as VtnMockOptions['clients'];
    await withVtn(
      place,
      version,
      async (url) => {
        const { status, summary } = await register(place, url);
        expect([status, summary.vens.created, summary.vens.failed]).toEqual([1, 2, 1]);
        expect(new Set(summary.failures.map(({ ven }) => ven))).toEqual(new Set(['Hjørring']));
        expect(summary.failures[0]?.message).toMatch(/invalid_client|401/);
      },
      { clients: clients as NonNullable<VtnMockOptions['clients']> },
    );
  });

  test('--no-auth registers with a VTN that asks for no tokens', async () => {
    const place = mine('no-auth');
    await withVtn(
      place,
      version,
      async (url) => {
        const { status, summary } = await register(place, url, '--no-auth');
        expect([status, summary.vens.created, summary.resources.created]).toEqual([0, 3, total]);
        expect((await register(place, url, '--no-auth')).summary.changes).toBe(0);
      },
      { auth: false },
    );
  });

  test('a VEN that an import deletes meanwhile fails by itself', async () => {
    const place = await prepareFleet(`${folder}/meanwhile-${version}`, { vens: SMALL });
    await withVtn(place, version, async (url) => {
      const { vens, failures } = await registerFleet({
        vtn: { url, credentials: place.credentials },
        db: place.db,
        state: place.state,
        onStart: () => {
          const db = openResourceDb(place.db, 'readwrite');
          for (const { resourceId } of db.resources.byVen('Hjørring')) db.resources.delete(resourceId);
          db.close();
        },
      });
      expect(vens).toMatchObject({ created: 2, failed: 1 });
      expect(failures).toEqual([
        { ven: 'Hjørring', code: 'VEN_UNKNOWN', message: 'the resource database has no VEN named Hjørring any more' },
      ]);
    });
  });

  test('a program can call registerFleet and follow its progress', async () => {
    const place = mine('function');
    await withVtn(place, version, async (url) => {
      const seen: number[] = [];
      const summary = await registerFleet({
        vtn: { url, credentials: place.credentials },
        db: place.db,
        state: place.state,
        onProgress: (done) => seen.push(done),
      });
      expect([summary.vens.created, summary.resources.created, summary.failures]).toEqual([3, total, []]);
      expect(seen).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    });
  });
});

describe('OpenADR 3.1 object privacy', () => {
  test('line 62: a VEN finds only its own objects, and one that business logic made for it under another name becomes its own', async () => {
    const place = await prepareFleet(`${folder}/privacy`, { vens: SMALL });
    await withVtn(place, '3.1.0', async (url) => {
      const client = readCredentials(place.credentials).clients.find(({ venName }) => venName === 'Aalborg');
      if (client === undefined) throw new Error('no client');
      const bl = await businessToken(url, place.credentials);
      const made = await fetch(`${url}/vens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bl}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          objectType: 'BL_VEN_REQUEST',
          clientID: client.clientId,
          venName: 'made before',
          targets: ['group-1'],
        }),
      });
      expect(made.status).toBe(201);
      const { id } = (await made.json()) as { id: string };

      const { status, summary } = await register(place, url);
      expect([status, summary.vens.created, summary.vens.updated]).toEqual([0, 2, 1]);

      const own = await tokenFor(url, client);
      const vens = await (await fetch(`${url}/vens`, { headers: { authorization: `Bearer ${own}` } })).json();
      expect(vens).toMatchObject([{ id, venName: 'Aalborg', clientID: client.clientId, targets: ['group-1'] }]);
      const { resources } = await contentOf(url, own);
      expect(resources.length).toBeGreaterThan(0);
      expect(resources.every((name) => name.startsWith('Aalborg/'))).toBe(true);
    });
  });

  test('a VEN whose name belongs to another client is refused with that client’s id, and the others go on', async () => {
    const place = await prepareFleet(`${folder}/taken`, { vens: SMALL });
    await withVtn(place, '3.1.0', async (url) => {
      const bl = await businessToken(url, place.credentials);
      await fetch(`${url}/vens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bl}`, 'content-type': 'application/json' },
        body: JSON.stringify({ objectType: 'BL_VEN_REQUEST', clientID: 'somebody-else', venName: 'Aalborg' }),
      });
      const { status, summary } = await register(place, url);
      expect([status, summary.vens.created, summary.vens.failed]).toEqual([1, 2, 1]);
      expect(summary.failures[0]).toMatchObject({
        ven: 'Aalborg',
        code: 'VEN_TAKEN',
        message: expect.stringContaining('somebody-else'),
      });
    });
  });
});
