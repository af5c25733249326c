import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '@venfleet/core/testing';

/** A new certificate for 127.0.0.1, which is its own authority, as files for programs. @returns the paths, PEM */
export function certificateFiles(folder: string, name: string): { readonly cert: string; readonly key: string } {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) };
  const identity = makeCertificate();
  writeFileSync(files.cert, identity.cert);
  writeFileSync(files.key, identity.key, { mode: 0o600 });
  return files;
}
