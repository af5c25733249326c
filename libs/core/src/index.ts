export * from './clock.js';
export * from './errors.js';
export * from './ports.js';
export * from './random.js';
export * from './retry.js';
export * from './shard.js';
export * from './units.js';
export * from './within.js';
