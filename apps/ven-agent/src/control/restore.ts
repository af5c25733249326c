import { type Duration, seededRandom } from '@venfleet/core';

/**
 * When, within `restoreOver` of the end of an event, this resource's turn to be released is. By chance, so that a
 * fleet's load comes back as a ramp instead of a step with a rebound on top; from the event and the resource alone,
 * so that it is the same after a restart.
 */
export function restoreDelay(resource: string, event: string | undefined, restoreOver: Duration): number {
  return restoreOver * seededRandom(`${event ?? ''} ${resource}`).next();
}
