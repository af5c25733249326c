import type { Connection, NewConnection, Resource } from '../model.js';

/** Whose device something is. */
export interface DeviceOwner {
  /** The device, e.g. `192.168.1.20:502 unit 1`. */
  readonly place: string;
  /** The resource that has it, and the line of the file that says so, if one does. */
  readonly name: string;
}

/** Which device belongs to which resource: one may be a site's meter and its control, but never two sites'. */
export class Devices {
  readonly #owners = new Map<string, { readonly resource: Resource; readonly line: number | undefined }>();

  /** Notes the devices of a resource as the database has them. */
  addPresent(resource: Resource, connections: ReadonlyMap<number, Connection>): void {
    for (const id of [resource.readerConnectionId, resource.writerConnectionId]) {
      const connection = id === null ? undefined : connections.get(id);
      if (connection !== undefined) this.claim(connection, resource, undefined);
    }
  }

  /** Notes a device. @returns its owner where another resource has it already. */
  claim(connection: NewConnection, resource: Resource, line: number | undefined): DeviceOwner | undefined {
    // Files may hold the values of several sites.
    if (connection.type === 'FILEREADER') return undefined;
    const device = connection.type === 'MODBUSTCP' ? `unit ${connection.unitId}` : `topic ${connection.topic}`;
    const place = `${connection.host.toLowerCase()}:${connection.port} ${device}`;
    const owner = this.#owners.get(place);
    if (owner === undefined) this.#owners.set(place, { resource, line });
    if (owner === undefined || owner.resource.id === resource.id) return undefined;
    const where = owner.line === undefined ? '' : `, line ${owner.line}`;
    return { place, name: `${owner.resource.name} (${owner.resource.meterPointId}${where})` };
  }
}
