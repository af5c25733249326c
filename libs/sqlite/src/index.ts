export * from './database.js';
export * from './errors.js';
export * from './grouped-writer.js';
export * from './migrations.js';
