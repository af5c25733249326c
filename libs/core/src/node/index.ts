export * from './cli.js';
export * from './config.js';
export * from './files.js';
export * from './pino-logger.js';
export * from './progress.js';
export * from './secrets.js';
export * from './shard-option.js';
export * from './shutdown.js';
