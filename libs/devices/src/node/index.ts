export * from './load-profiles.js';
