/**
 * What the console's page and the servers behind it agree on. Nothing of Node is in here, and of zod only types: a browser's
 * bundle takes it as it is. `@venfleet/console-api/schemas` has the schemas themselves, and says what each member means.
 *
 * The page is served with `Content-Security-Policy: {@link CONTENT_SECURITY_POLICY}`: scripts and styles are files of its
 * own. Its built folder is found beside the package.json of `@venfleet/console`: `dist/index.html` and what it refers to;
 * files below `dist/assets/` have a hash in their names and are cached for ever.
 */

export { API_PATH, CONSOLE_PATH, PATHS } from './paths.js';
export { CONTENT_SECURITY_POLICY } from './policy.js';
export type * from './types.js';
