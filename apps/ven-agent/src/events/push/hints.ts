import type { Notification } from '@venfleet/openadr';
import type { Hint } from '../feed.js';

/** What to look at because of a notification; undefined where it changes nothing for a VEN. */
export function hintOf({ objectType, operation, id }: Notification): Hint | undefined {
  if (operation === 'READ') return undefined;
  switch (objectType) {
    case 'EVENT':
      return id === undefined ? { kind: 'all' } : { kind: 'event', id };
    case 'PROGRAM':
      return { kind: 'all' };
    // Targets are granted through these, and events appear without being changed (3.1 Definition, object privacy).
    case 'VEN':
    case 'RESOURCE':
      return { kind: 'targets' };
    default:
      return undefined;
  }
}
