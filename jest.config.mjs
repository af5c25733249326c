import { availableParallelism } from 'node:os';

/** Tests run from source (export condition @venfleet/source); only e2e starts the built programs. */
export default {
  testMatch: ['<rootDir>/{libs,apps,tools}/*/test/**/*.test.ts', '<rootDir>/e2e/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@venfleet/source', 'node', 'node-addons', 'default'] },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
  testTimeout: 60_000,
  setupFilesAfterEnv: ['<rootDir>/e2e/test/support/second-try.mjs'],
  // End-to-end tests mostly wait, some for minutes: there is one more of them than there are cores.
  maxWorkers: availableParallelism() + 1,
};
