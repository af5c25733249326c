export type { Finding } from './check.js';
export type { ConnectionRepository, ManagedConnection } from './connections.js';
export { DANISH_GSRN_COUNT, DANISH_GSRN_PREFIX, danishGsrn, gsrnCheckDigit, isValidGsrn } from './gsrn.js';
export { fleetConfigSchema } from './import/fleet-config.js';
export { type GoneResource, type PrepareOptions, type PrepareResult, prepare } from './import/prepare.js';
export { type ExportedConnections, exportConnections } from './installer/export-connections.js';
export {
  type ConnectionChange,
  type ImportConnectionsOptions,
  type ImportConnectionsResult,
  importConnections,
} from './installer/import-connections.js';
export type * from './model.js';
export { openResourceDb, ResourceDb, type ResourceDbMode } from './resource-db.js';
export type { Page, ResourceFilter, ResourceRepository, UpsertCounts } from './resources.js';
export { RESOURCE_DB_SCHEMA } from './schema.js';
export type { ConnectionCounts, Statistics } from './statistics.js';
