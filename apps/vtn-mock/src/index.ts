export type { Limits } from './http/site.js';
export { buildVtnMock, type VtnAddress, type VtnMock, type VtnMockOptions } from './vtn-mock.js';
