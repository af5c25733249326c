import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger, systemClock } from '@venfleet/core';
import { discoverVtns } from '@venfleet/openadr';
import type { VtnMock } from '@venfleet/vtn-mock';
import { prepareFleet, registerArguments, type SummaryJson, startVtn, type Workplace } from './support/fleet.js';
import { freePort, jsonOf, runProgram, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
let place: Workplace;
let vtn: VtnMock;
let port: number;
/** Its name on the network, where this machine has multicast. */
let name: string | undefined;
beforeAll(async () => {
  place = await prepareFleet(folder, { vens: ['Vejle'], perFile: 1 });
  port = await freePort();
  ({ vtn } = await startVtn({ clients: place.credentials, port, publicUrl: `http://127.0.0.1:${port}`, mdns: {} }));
  const found = await discoverVtns({ clock: systemClock, logger: silentLogger });
  name = found.find(({ urls, version }) => version === '3.1.0' && urls[0]?.includes(`:${port}/`))?.name;
}, 30_000);
afterAll(async () => await vtn.stop());

const register = (url: string) => runProgram('ven-agent', registerArguments(place, url));

test('the agent finds the VTN that announces itself, where this machine has multicast', async () => {
  const outcome = await register(`mdns+http:${name ?? 'none'}`);
  if (name === undefined) {
    expect(outcome.stderr).toContain('no VTN');
    return;
  }
  expect(outcome.stderr).toBe('');
  expect(outcome.status).toBe(0);
  expect(jsonOf<SummaryJson>(outcome)).toMatchObject({ failures: [], changes: 9 });
});

test('it sends no secret to one without TLS, unless that was said', async () => {
  const { status, stderr } = await register(`mdns:${name ?? 'none'}`);
  expect(status).toBe(1);
  expect(stderr).toContain('no VTN');
  if (name !== undefined) expect(stderr).toContain('mdns+http:');
});
