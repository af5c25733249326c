import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { jsonOf, root, run } from './support/programs.js';

interface Soak {
  readonly readings: { readonly expected: number; readonly stored: number; readonly lost: number };
  readonly reports: {
    readonly expected: number;
    readonly acknowledged: number;
    readonly atVtn: number;
    readonly doubled: number;
  };
  readonly setpoints: number;
  readonly findings: readonly string[];
}

test('an agent lives through two simulated hours: each reading stored, each report at the VTN once, loads shed', async () => {
  const main = join(root, 'tools/bench/dist/soak/main.js');
  const outcome = await run(process.execPath, ['--expose-gc', main, '--hours', '2', '--ven', 'Nyborg', '--json']);
  expect([outcome.status, outcome.stderr]).toEqual([0, '']);
  const { readings, reports, setpoints, findings } = jsonOf<Soak>(outcome);
  expect(findings).toEqual([]);
  expect(readings.stored).toBeGreaterThanOrEqual(readings.expected);
  expect(reports).toEqual({ expected: 8, acknowledged: 8, atVtn: 8, doubled: 0 });
  expect(setpoints).toBeGreaterThan(0);
}, 240_000);
