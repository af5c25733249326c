export * from './credentials.js';
export {
  AuthError,
  Problem,
  type Role,
  SCOPES,
  TokenRequest,
  TokenResponse,
} from './wire/auth.js';
export { OBJECT_TYPES, type ObjectType, Point, type Value, ValuesMap, WIRE_VERSIONS, type WireVersion } from './wire/common.js';
export * as wire301 from './wire/v301/index.js';
export * as wire310 from './wire/v310/index.js';
export * from './wire/validator.js';
