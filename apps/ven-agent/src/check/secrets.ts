import { existsSync, statSync } from 'node:fs';
import type { VtnSettings } from '../vtn.js';
import type { Finding } from './finding.js';

/** Read by anybody on this machine. */
const BY_OTHERS = 0o004;

/** Whether the secrets that lie in a file are only for those whom they concern. Systems without such permissions show none. */
export function checkSecrets({ noAuth, credentials }: VtnSettings): Finding[] {
  if (noAuth || credentials === undefined || !existsSync(credentials)) return [];
  if ((statSync(credentials).mode & BY_OTHERS) === 0) return [];
  const message = `everybody on this machine can read the secrets in ${credentials}`;
  return [{ subject: 'credentials', status: 'warn', message, cure: `chmod 600 ${credentials}` }];
}
