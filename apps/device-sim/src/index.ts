export { Simulator, type SimulatorOptions } from './fleet/simulator.js';
export { createSite } from './models/create-site.js';
export type * from './models/model.js';
export { createWorld, type World, type WorldOptions } from './models/world.js';
export { openLink } from './mqtt/open-link.js';
