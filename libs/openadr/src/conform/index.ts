export { Receiver, type ReceiverOptions } from './receiver.js';
export { type ConformOptions, type ConformResult, checkConformance, type LineResult, linesOf, type Outcome } from './run.js';
export type { Credentials } from './token-desk.js';
