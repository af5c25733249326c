import { Charger } from './charger.js';
import { FlexSite } from './flex-site.js';
import type { SimResource, SiteModel } from './model.js';
import type { World } from './world.js';

/** The physics of one resource, from the world's start on. */
export function createSite(resource: SimResource, world: World): SiteModel {
  return resource.type === 'EV' ? new Charger(resource, world) : new FlexSite(resource, world);
}
