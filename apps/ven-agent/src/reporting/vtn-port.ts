import type { Target, VtnClient } from '@venfleet/openadr';
import type { VenPort } from './ven-reporting.js';

/** The VTN as the reporting of one VEN needs it. @param ven its name and its id at the VTN */
export function vtnPort(client: VtnClient, ven: { readonly name: string; readonly id: string }): VenPort {
  return {
    async create({ eventId, name, content }, signal) {
      const { id } = await client.createReport({ eventId, clientName: ven.name, name, ...content }, { signal });
      return id;
    },
    async find(eventId, name, signal) {
      const reports = await client.listReports({ eventId, clientName: ven.name }, { signal });
      return reports.find((report) => report.name === name)?.id;
    },
    events: (signal) => client.listEvents({}, { signal }),
    async targets(signal) {
      const [vens, resources] = await Promise.all([
        client.listVens({}, { signal }),
        client.listResources(ven.id, {}, { signal }),
      ]);
      const own: [string, readonly Target[]][] = resources
        .filter(({ targets }) => targets.length > 0)
        .map(({ name, targets }) => [name, targets]);
      return { ven: vens.find(({ id }) => id === ven.id)?.targets ?? [], resources: Object.fromEntries(own) };
    },
  };
}
