import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { VtnAddress, VtnMock } from '@venfleet/vtn-mock';
import { prepareFleet, registerArguments, type SummaryJson, startVtn, type Workplace, workplace } from './support/fleet.js';
import { jsonOf, runProgram, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
const canMakeCertificates = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0;

/** A new authority for 127.0.0.1 alone. @returns the paths of certificate and key, PEM */
function makeCertificate(name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert]);
  if (status !== 0) throw new Error(String(stderr));
  return { cert, key };
}

(canMakeCertificates ? describe : describe.skip)('a VTN with TLS (needs openssl on the path)', () => {
  let prepared: Workplace;
  let vtn: VtnMock;
  let address: VtnAddress;
  let own: { cert: string; key: string };
  beforeAll(async () => {
    prepared = await prepareFleet(`${folder}/fleet`, { vens: ['Vejle'], perFile: 3 });
    own = makeCertificate('own');
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
    for (const config of [`  caFile: ${makeCertificate('other').cert}\n`, '  connections: 4\n']) {
      const { status, stderr } = await register('3.1.0', config);
      expect(status).toBe(1);
      expect(stderr).toMatch(/certificate/);
    }
  });
});
