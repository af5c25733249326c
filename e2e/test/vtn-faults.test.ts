import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { VtnAddress } from '@venfleet/vtn-mock';
import {
  businessToken,
  contentOf,
  prepareFleet,
  readCredentials,
  registerArguments,
  type SummaryJson,
  startVtn,
  type Workplace,
  workplace,
} from './support/fleet.js';
import { jsonOf, runProgram, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
const VENS = ['Aalborg', 'Vejle'];
/** Five of each of eight kinds in both. */
const COUNT = 80;

/** The mock's test switches, each as `vtn-mock fault add` takes it. */
const SWITCHES: readonly (readonly [string, ...(readonly string[])[]])[] = [
  ['latency', ['latency', '--delay-ms', '40', '--chance', '0.3']],
  [
    '500, 502 and 503',
    ['error', '--chance', '0.1'],
    ['error', '--status', '502', '--chance', '0.1'],
    ['error', '--status', '503', '--retry-after', '0', '--chance', '0.1'],
  ],
  ['429 with Retry-After', ['rate-limit', '--retry-after', '0', '--chance', '0.15']],
  ['connections cut before the work', ['disconnect', '--chance', '0.15']],
  ['connections cut after the work', ['disconnect', '--after-work', '--chance', '0.15']],
  ['errors where tokens are issued', ['error', '--objects', 'tokens', '--operation', 'create', '--count', '3']],
  ['reordered pages', ['reorder']],
  ['stale lists', ['stale-list']],
];

let prepared: Workplace;
beforeAll(async () => {
  prepared = await prepareFleet(folder, { vens: VENS, perFile: 5 });
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

let runs = 0;
describe.each(['3.0.1', '3.1.0'] as const)('register over %s while the VTN has faults', (version) => {
  let address: VtnAddress;
  beforeEach(async () => {
    const started = await startVtn({ clients: prepared.credentials, faults: { seed: 'e2e' } });
    address = started.address;
    stops.push(() => started.vtn.stop());
  });

  const addFault = async (kind: string, ...more: string[]) => {
    const link = ['--url', address.origin, '--credentials', prepared.credentials];
    const { status, stderr } = await runProgram('vtn-mock', ['fault', 'add', '--kind', kind, ...more, ...link]);
    expect([status, stderr]).toEqual([0, '']);
  };
  /** As business logic at the operator's pages. */
  const operate = async (method: string, body?: object) => {
    const token = await businessToken(`${address.origin}/operator`, prepared.credentials);
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${address.origin}/operator/faults`, { method, headers, ...text });
    expect(answer.ok).toBe(true);
    return (await answer.json()) as { faults: { hits: number }[] };
  };
  /** An agent that remembers nothing, unless it is given the state of another. */
  const register = async (state = workplace(folder, `run-${++runs}`).state) => {
    const outcome = await runProgram('ven-agent', registerArguments({ ...prepared, state }, address.urls[version]));
    const summary = jsonOf<SummaryJson>(outcome);
    expect([...new Set(summary.failures.map(({ code, message }) => `${code}: ${message}`))]).toEqual([]);
    expect(outcome.status).toBe(0);
    return { state, changes: summary.changes };
  };
  const expectWhole = async () => {
    const url = address.urls[version];
    const { vens, resources } = await contentOf(url, await businessToken(url, prepared.credentials));
    expect(vens).toEqual(VENS);
    expect([resources.length, new Set(resources).size]).toEqual([COUNT, COUNT]);
  };

  test.each(SWITCHES)('%s: nothing fails, nothing is there twice, and then there is nothing to do', async (_name, ...faults) => {
    for (const [kind = '', ...more] of faults) await addFault(kind, ...more);
    await register();
    // One that remembers nothing has to find what is there, through the fault.
    const { state } = await register();
    const left = (await operate('GET')).faults;
    expect(left.every(({ hits }) => hits > 0)).toBe(true);
    await operate('DELETE');
    await expectWhole();
    expect((await register(state)).changes).toBe(0);
  });

  test('tokens that expire while they are used are renewed', async () => {
    // Counts the agent's requests, and makes them slow enough to be met on their way.
    await operate('POST', { kind: 'latency', delayMs: 50, objects: 'resources' });
    let running = true;
    const registered = register().finally(() => {
      running = false;
    });
    for (const after of [1, 2]) {
      while (running && ((await operate('GET')).faults[0]?.hits ?? 0) < after);
      for (const { clientId, role } of readCredentials(prepared.credentials).clients) {
        if (role === 'VEN') await operate('POST', { kind: 'expire-tokens', client: clientId });
      }
    }
    expect(running).toBe(true);
    await registered;
    await expectWhole();
  });
});
