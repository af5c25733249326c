import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '@venfleet/core';
import { runOpenadr3Client } from '../src/openadr3-client.js';
import { runOpenleadr } from '../src/openleadr/run.js';
import { runClientTests } from '../src/openleadr-client/run.js';
import { Processes } from '../src/processes.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-interop-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A machine on which no program can be run. */
class NoPrograms extends Processes {
  override run(): Promise<string> {
    return Promise.reject(new Error('there is no such program'));
  }
}

function rig() {
  const said: string[] = [];
  const processes = new NoPrograms(new AbortController().signal);
  return { said, options: { processes, cache: folder, folder, clock: systemClock, say: (line: string) => void said.push(line) } };
}

describe('what cannot be had is skipped and told', () => {
  test('releases of openleadr-vtn that were not built before', async () => {
    const { said, options } = rig();
    await runOpenleadr({ ...options, mayBuild: false });
    expect(said).toEqual([
      expect.stringMatching(/^skipped: openleadr-vtn 0\.1\.4: .*not built yet/),
      expect.stringMatching(/^skipped: openleadr-vtn 0\.2\.4: .*not built yet/),
    ]);
  });

  test('and those that Cargo does not build', async () => {
    const { said, options } = rig();
    await runOpenleadr({ ...options, mayBuild: true });
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^skipped: openleadr-vtn 0\.1\.4: Cargo does not build .*no such program/);
  });

  test('tests of openleadr-client that were not built before', async () => {
    const { said, options } = rig();
    await runClientTests({ ...options, mayBuild: false });
    expect(said).toEqual([expect.stringMatching(/^skipped: openleadr-client: .*0\.1\.4 are not built yet/)]);
  });

  test('a client for which there is no Python', async () => {
    const { said, options } = rig();
    await runOpenadr3Client(options);
    expect(said).toEqual([expect.stringMatching(/^skipped: openadr3-client: .*Python 3\.12/)]);
  });
});
