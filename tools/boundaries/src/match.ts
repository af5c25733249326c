import { isBuiltin } from 'node:module';
import type { Place } from './table.js';

/** Whether a path is in one of the places. */
export function isIn(path: string, places: readonly Place[]): boolean {
  return places.some((place) => toRegExp(place).test(path));
}

const patterns = new Map<Place, RegExp>();

function toRegExp(place: Place): RegExp {
  const known = patterns.get(place);
  if (known !== undefined) return known;
  const literal = place.replace(/[.+?^$(){}|[\]\\]/g, '\\$&');
  const wildcards: Record<string, string> = { '**/': '(?:[^/]+/)*', '**': '.+', '*': '[^/]*' };
  const pattern = new RegExp(`^${literal.replace(/\*\*\/|\*\*|\*/g, (wildcard) => wildcards[wildcard] as string)}$`);
  patterns.set(place, pattern);
  return pattern;
}

/** Tests are of a package, but no part of what it gives to others. */
export const isTest = (path: string): boolean => isIn(path, ['**/test/**', 'e2e/**']);

/** The package that a specifier names: `@scope/name`, `name`, or `node:name` for Node's own, however written. */
export function specifierRoot(specifier: string): string {
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Whether a specifier belongs to one of the modules; `@scope/*` is all of a scope. */
export function isOf(specifier: string, modules: readonly string[]): boolean {
  const root = specifierRoot(specifier);
  return modules.some((module) => (module.endsWith('/*') ? root.startsWith(module.slice(0, -1)) : root === module));
}
