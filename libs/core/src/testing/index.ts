export * from './certificate.js';
export * from './fake-clock.js';
export * from './memory-logger.js';
export * from './metrics-table.js';
export * from './sequence-random.js';
export * from './small-disk.js';
