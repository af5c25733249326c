export { COUNTERS_SCHEMA } from './fleet/counter-store.js';
export { Simulator, type SimulatorOptions } from './fleet/simulator.js';
export { ModbusGateway, type ModbusGatewayOptions } from './modbus/gateway.js';
export { createSite } from './models/create-site.js';
export type * from './models/model.js';
export { createWorld, type World, type WorldOptions } from './models/world.js';
export { EmbeddedBroker, type EmbeddedBrokerOptions } from './mqtt/embedded-broker.js';
export { openLink } from './mqtt/open-link.js';
