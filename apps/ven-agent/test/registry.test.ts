import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { Registry } from '../src/registration/registry.js';

let folder: string;
let clock: FakeClock;
let registry: Registry;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'venfleet-registry-'));
  clock = new FakeClock('2026-01-01T00:00:00Z');
  registry = Registry.open(join(folder, 'state', 'agent.db'), clock);
});
afterEach(() => {
  registry.close();
  rmSync(folder, { recursive: true });
});

const URL_A = 'http://a.example.org/openadr3';
const URL_B = 'http://b.example.org/openadr3';
const aalborg = {
  name: 'Aalborg',
  venId: 'v1',
  resources: new Map([
    ['r1', '1'],
    ['r2', '2'],
  ]),
};

test('ids are remembered by VTN: the same VEN at two VTNs is two registrations', () => {
  const [a, b] = [registry.vtn(URL_A, '3.0.1'), registry.vtn(URL_B, '3.1.0')];
  registry.rememberVen(a, aalborg, []);
  registry.rememberVen(b, { ...aalborg, venId: 'v9', resources: new Map([['r1', '9']]) }, []);
  expect(registry.vens(a).map((ven) => [ven.venId, ven.resources])).toEqual([['v1', 2]]);
  expect(registry.vens(b).map((ven) => [ven.venId, ven.resources])).toEqual([['v9', 1]]);
});

test('remembering a VEN again replaces its resources and failures, and keeps the time of its first registration', async () => {
  const vtn = registry.vtn(URL_A, '3.0.1');
  registry.rememberVen(vtn, aalborg, [{ ven: 'Aalborg', resource: 'r3', code: 'VTN_PROBLEM', message: 'no' }]);
  await clock.advance(seconds(60));
  registry.rememberVen(
    vtn,
    {
      ...aalborg,
      resources: new Map([
        ['r2', '2'],
        ['r3', '3'],
      ]),
    },
    [],
  );
  const [status] = registry.status();
  expect(status?.failures).toEqual([]);
  expect(status?.vens).toEqual([{ name: 'Aalborg', venId: 'v1', registeredAt: '2026-01-01T00:00:00.000Z', resources: 2 }]);
});

test('a VEN that the VTN lost and got anew has a new id and a new time', async () => {
  const vtn = registry.vtn(URL_A, '3.0.1');
  registry.rememberVen(vtn, aalborg, []);
  await clock.advance(seconds(60));
  registry.rememberVen(vtn, { ...aalborg, venId: 'v2' }, []);
  expect(registry.vens(vtn)[0]).toMatchObject({ venId: 'v2', registeredAt: '2026-01-01T00:01:00.000Z' });
});

test('a failed run keeps the ids that are known and tells what failed', () => {
  const vtn = registry.vtn(URL_A, '3.0.1');
  registry.rememberVen(vtn, aalborg, []);
  registry.rememberFailures(vtn, 'Aalborg', [{ ven: 'Aalborg', code: 'VTN_UNREACHABLE', message: 'gone' }]);
  const [status] = registry.status();
  expect(status?.vens.map(({ resources }) => resources)).toEqual([2]);
  expect(status?.failures).toEqual([{ ven: 'Aalborg', code: 'VTN_UNREACHABLE', message: 'gone' }]);
});

test('a forgotten VEN leaves nothing behind', () => {
  const vtn = registry.vtn(URL_A, '3.0.1');
  registry.rememberVen(vtn, aalborg, [{ ven: 'Aalborg', code: 'X', message: 'x' }]);
  registry.forgetVen(vtn, 'Aalborg');
  expect(registry.status()).toMatchObject([{ vens: [], failures: [] }]);
});

test('nothing is read from a state file that does not exist; the error says what to run', () => {
  expect(() => Registry.openReadonly(join(folder, 'none.db'), clock)).toThrow(expect.objectContaining({ code: 'DB_MISSING' }));
});
