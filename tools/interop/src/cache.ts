import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '@venfleet/core/node';

/**
 * Where what others made is kept between runs. Outside of the checkout, as Cargo's and npm's own caches are: building
 * an openleadr-rs takes ten minutes, and a fresh clone should not have to.
 */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const folder = env.VENFLEET_INTEROP_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'venfleet/interop');
  makeFolder(folder);
  return folder;
}
