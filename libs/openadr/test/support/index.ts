export { arbitraryOf, broken } from './arbitrary.js';
export { EXCEPTIONS, editAll } from './exceptions.js';
export { loadSpec, normalise, type Operation, type Schema, type Spec } from './spec.js';
