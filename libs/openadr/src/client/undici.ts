import { createRequire } from 'node:module';
import type { errors as Errors, Pool as PoolClass } from 'undici';

// undici's own entrance loads fetch, WebSocket, caches and mocks too: 5 MB of an agent that only wants the pool.
const load = createRequire(import.meta.url);

export const Pool: typeof PoolClass = load('undici/lib/dispatcher/pool.js');
export type Pool = PoolClass;
export const errors: typeof Errors = load('undici/lib/core/errors.js');
