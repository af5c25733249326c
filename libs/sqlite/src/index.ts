export * from './database.js';
export * from './errors.js';
export * from './grouped-writer.js';
export type { Schema } from './migrations.js';
export * from './open.js';
export * from './owner-lock.js';
export { moveDatabase } from './paths.js';
