export type * from './models/model.js';
export { FLEX_STATES } from './models/model.js';
