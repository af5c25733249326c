import { Charger } from './charger.js';
import type { ThreePhase } from './electricity.js';
import { FlexSite } from './flex-site.js';
import type { ChargerModel, LoadModel, SimResource } from './model.js';
import type { World } from './world.js';

/**
 * The physics of one resource, from the world's start on.
 * @param before what its meter has counted on each phase until then, in Wh
 */
export function createSite(resource: SimResource, world: World, before?: ThreePhase): LoadModel | ChargerModel {
  return resource.type === 'EV' ? new Charger(resource, world, before) : new FlexSite(resource, world, before);
}
