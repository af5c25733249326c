export { cacheFolder } from './cache.js';
export { openleadrVtn } from './openleadr/build.js';
export { KINDS, type OpenleadrKind } from './openleadr/kinds.js';
export { Operator } from './openleadr/operator.js';
export { type Postgres, startPostgres } from './openleadr/postgres.js';
export { startOpenleadr } from './openleadr/vtn.js';
export { freePort, freeRow } from './ports.js';
export { type Child, mainOf, Processes, type Program, ROOT } from './processes.js';
export { isSkipped } from './steps.js';
