import type { WireVersion } from '@venfleet/openadr';
import type { Collection } from '../http/collection.js';
import type { VtnContext } from '../vtn-context.js';
import { events301, events310 } from './events.js';
import { programs301, programs310 } from './programs.js';
import { reports301, reports310 } from './reports.js';
import { resources301, resources310 } from './resources.js';
import { subscriptions301, subscriptions310 } from './subscriptions.js';
import { vens301, vens310 } from './vens.js';

/** The kinds of object that each version has. */
export const COLLECTIONS: Readonly<Record<WireVersion, readonly ((context: VtnContext) => Collection)[]>> = {
  '3.0.1': [programs301, events301, reports301, subscriptions301, vens301, resources301],
  '3.1.0': [programs310, events310, reports310, subscriptions310, vens310, resources310],
};
