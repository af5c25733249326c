import { hours, type Instant, instant } from '@venfleet/core';
import type { GridReport, VtnClient } from '@venfleet/openadr';
import type { ReportPort } from './sender.js';

/** The VTN as the reporting of one VEN needs it. @param ven its name */
export function vtnPort(client: VtnClient, ven: { readonly name: string }): ReportPort {
  return {
    async create({ eventId, name, content }, signal) {
      const { id } = await client.createReport({ eventId, clientName: ven.name, name, ...content }, { signal });
      return id;
    },
    async find({ event, name, dueAt }, signal) {
      const isIt = (report: GridReport) => report.name === name;
      const enough = (page: readonly GridReport[]) => page.some(isIt) || isBefore(page, instant(dueAt - CLOCKS_DIFFER));
      const reports = await client.listReports({ eventId: event, clientName: ven.name }, { signal, enough });
      return reports.find(isIt)?.id;
    },
  };
}

/** The VTN's clock and ours differ by less. */
const CLOCKS_DIFFER = hours(24);

/**
 * Whether a page of a list that is the newest first goes back beyond a time: an event without end has more reports than
 * anybody wants to read. A page in another order says nothing.
 */
function isBefore(page: readonly GridReport[], time: Instant): boolean {
  const created = page.map(({ createdAt }) => createdAt ?? Number.POSITIVE_INFINITY);
  const newestFirst = created.every((at, i) => i === 0 || at <= (created[i - 1] as number));
  return newestFirst && (created.at(-1) ?? Number.POSITIVE_INFINITY) < time;
}
