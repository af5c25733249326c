export { Receiver } from './receiver.js';
export { type ConformOptions, type ConformResult, checkConformance, linesOf } from './run.js';
