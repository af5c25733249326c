export type { Limits } from './http/site.js';
export { STORE_SCHEMA } from './store/schema.js';
export { buildVtnMock, type VtnAddress, type VtnMock, type VtnMockOptions } from './vtn-mock.js';
