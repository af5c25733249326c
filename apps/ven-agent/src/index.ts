export type { Alarms } from './readings/alarms.js';
export type { Reading } from './readings/reading.js';
export { ReadingStore } from './readings/store.js';
export { type FleetStatus, fleetStatus } from './registration/fleet-status.js';
export { type RegisterFleetOptions, type RegistrationSummary, registerFleet } from './registration/register-fleet.js';
export type { Failure } from './registration/registry.js';
export type { ClientSecret, VtnSettings } from './vtn.js';
