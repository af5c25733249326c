import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canMakeCertificates } from '@venfleet/core/testing';
import type { VtnAddress, VtnMock } from '@venfleet/vtn-mock';
import { certificateFiles } from './support/certificate.js';
import { prepareFleet, registerArguments, type SummaryJson, startVtn, type Workplace, workplace } from './support/fleet.js';
import { jsonOf, runProgram, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
(canMakeCertificates ? describe : describe.skip)('a VTN with TLS (needs openssl on the path)', () => {
  let prepared: Workplace;
  let vtn: VtnMock;
  let address: VtnAddress;
  let own: { cert: string; key: string };
  beforeAll(async () => {
    prepared = await prepareFleet(`${folder}/fleet`, { vens: ['Vejle'], perFile: 3 });
    own = certificateFiles(folder, 'own');
    const tls = { cert: readFileSync(own.cert, 'utf8'), key: readFileSync(own.key, 'utf8') };
    ({ vtn, address } = await startVtn({ clients: prepared.credentials, tls }));
  });
  afterAll(async () => await vtn.stop());

  const register = async (version: '3.0.1' | '3.1.0', vtnConfig: string) => {
    const config = join(folder, 'agent.yaml');
    writeFileSync(config, `version: 1\nvtn:\n${vtnConfig}`);
    const place = { ...prepared, state: workplace(folder, `state-${version}`).state };
    return await runProgram('ven-agent', [...registerArguments(place, address.urls[version]), '--config', config]);
  };

  test.each(['3.0.1', '3.1.0'] as const)('the agent registers over %s when it knows the authority', async (version) => {
    expect(address.urls[version]).toMatch(/^https:/);
    const outcome = await register(version, `  caFile: ${own.cert}\n`);
    expect(outcome.stderr).toBe('');
    expect(jsonOf<SummaryJson>(outcome)).toMatchObject({ failures: [] });
    expect(outcome.status).toBe(0);
  });

  test('it refuses a VTN of another authority, or of none that it knows, and sends nothing', async () => {
    for (const config of [`  caFile: ${certificateFiles(folder, 'other').cert}\n`, '  connections: 4\n']) {
      const { status, stderr } = await register('3.1.0', config);
      expect(status).toBe(1);
      expect(stderr).toMatch(/certificate/);
    }
  });
});
