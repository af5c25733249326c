import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether certificates can be made here: by openssl on the path. */
export const canMakeCertificates: boolean = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0;

/**
 * A new certificate for 127.0.0.1, which is its own authority, and its key; PEM.
 * @param days that it is valid for
 * @param names that it is for, too
 */
export function makeCertificate(days = 2, names: readonly string[] = []): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'venfleet-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', `${days}`];
    const hosts = ['IP:127.0.0.1', ...names.map((name) => `DNS:${name}`)];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', `subjectAltName=${hosts.join(',')}`];
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
