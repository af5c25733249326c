import { expect, test } from '@jest/globals';
import { hours, instant, minutes } from '@venfleet/core';
import type { GridReport, VtnClient } from '@venfleet/openadr';
import { vtnPort } from '../src/reporting/vtn-port.js';
import { MIDNIGHT } from './support/reporting.js';

const signal = new AbortController().signal;
const report = (i: number, createdAt: number | undefined): GridReport => ({
  id: `id-${i}`,
  eventId: 'e1',
  clientName: 'Aalborg',
  name: `report-${i}`,
  descriptors: [],
  resources: [],
  ...(createdAt === undefined ? {} : { createdAt: instant(createdAt) }),
});

/** A VTN with `count` reports, a minute apart, read 50 a page; `pages` counts. */
function vtnWith(reports: GridReport[]): { client: VtnClient; pages: () => number } {
  let pages = 0;
  const listReports: VtnClient['listReports'] = async (_filter, options) => {
    const found: GridReport[] = [];
    for (let skip = 0; skip < reports.length; skip += 50) {
      pages++;
      const page = reports.slice(skip, skip + 50);
      found.push(...page);
      if (options?.enough?.(page)) break;
    }
    return found;
  };
  return { client: { listReports } as VtnClient, pages: () => pages };
}

const newestFirst = Array.from({ length: 10_000 }, (_, i) => report(9999 - i, MIDNIGHT - i * minutes(1)));
const asked = (i: number) => ({ event: 'e1', name: `report-${i}`, dueAt: instant(MIDNIGHT - (9999 - i) * minutes(1)) });
const find = (client: VtnClient, i: number) => vtnPort(client, { name: 'Aalborg' }).find(asked(i), signal);

test('a report is found on the first pages, where the newest are', async () => {
  const { client, pages } = vtnWith(newestFirst);
  expect(await find(client, 9940)).toBe('id-9940');
  expect(pages()).toBe(2);
});

test('one that is not there is not looked for among much older ones', async () => {
  const { client, pages } = vtnWith(newestFirst.filter(({ name }) => name !== 'report-9940'));
  expect(await find(client, 9940)).toBeUndefined();
  expect(pages()).toBeLessThan((hours(24) + 60 * minutes(1)) / minutes(50) + 2);
});

test.each([
  ['in another order', [...newestFirst].reverse()],
  ['without times', newestFirst.map(({ createdAt, ...rest }) => rest)],
])('a list %s is read until it is found', async (_, reports) => {
  const { client } = vtnWith(reports);
  expect(await find(client, 5000)).toBe('id-5000');
  expect(await find(client, 10_001)).toBeUndefined();
});
