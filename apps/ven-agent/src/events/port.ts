import { type DecodedEvent, type EventList, isNotFound, type Program, type Target, type VtnClient } from '@venfleet/openadr';

/** The targets that the VTN gave a VEN and its resources, by name. */
export interface VenTargets {
  readonly ven: readonly Target[];
  readonly resources: Readonly<Record<string, readonly Target[]>>;
}

/** What the events of one VEN need of the VTN. Every method may throw a VtnError. */
export interface EventPort {
  /** All events that this VEN can see; fails when the list is not complete. */
  events(signal: AbortSignal): Promise<EventList>;
  /** One event; undefined where the VTN has none of that id, or hides it. */
  event(id: string, signal: AbortSignal): Promise<DecodedEvent | undefined>;
  programs(signal: AbortSignal): Promise<readonly Program[]>;
  targets(signal: AbortSignal): Promise<VenTargets>;
}

/** The VTN as the events of one VEN need it. @param ven its name and its id at the VTN */
export function eventPort(client: VtnClient, ven: { readonly id: string }): EventPort {
  return {
    events: (signal) => client.listEvents({}, { signal }),
    async event(id, signal) {
      try {
        return await client.readEvent(id, { signal });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    programs: (signal) => client.listPrograms({}, { signal }),
    async targets(signal) {
      const [vens, resources] = await Promise.all([
        client.listVens({}, { signal }),
        client.listResources(ven.id, {}, { signal }),
      ]);
      const own = resources
        .filter(({ targets }) => targets.length > 0)
        .map(({ name, targets }): [string, readonly Target[]] => [name, targets])
        // The VTN's order says nothing, and may change.
        .sort(([a], [b]) => (a < b ? -1 : 1));
      return { ven: vens.find(({ id }) => id === ven.id)?.targets ?? [], resources: Object.fromEntries(own) };
    },
  };
}
