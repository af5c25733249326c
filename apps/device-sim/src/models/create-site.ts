import { Charger } from './charger.js';
import { FlexSite } from './flex-site.js';
import type { ChargerModel, LoadModel, SimResource } from './model.js';
import type { World } from './world.js';

/** The physics of one resource, from the world's start on. */
export function createSite(resource: SimResource, world: World): LoadModel | ChargerModel {
  return resource.type === 'EV' ? new Charger(resource, world) : new FlexSite(resource, world);
}
