import { hours, type Instant, minutes } from '@venfleet/core';
import type { Client } from '@venfleet/openadr';
import { type Mock, succeeded } from '../mock.js';

/** So often a report is asked for. */
export const INTERVAL = minutes(15);
/** So often the load is shed, and for so long. */
const SHED_EVERY_H = 4;
const SHED_MINUTES = 30;

/** The VTN's operator. */
export interface Operator {
  /** Has all resources report their use and demand in quarters of an hour, and sheds their load now and then. */
  ask(from: Instant, forHours: number): Promise<void>;
  countReports(): Promise<number>;
}

export async function operatorOf(mock: Mock, business: Client): Promise<Operator> {
  const url = mock.urls['3.1.0'];
  const call = async (path: string, body?: unknown): Promise<unknown> => {
    const headers = { authorization: `Bearer ${await mock.token(business)}`, 'content-type': 'application/json' };
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return succeeded(await fetch(`${url}${path}`, { ...init, headers }));
  };
  return {
    async ask(from, forHours) {
      const { id: programID } = (await call('/programs', { programName: 'soak' })) as { id: string };
      const each = { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 };
      await call('/events', {
        programID,
        eventName: 'reports',
        intervalPeriod: { start: iso(from), duration: 'PT15M' },
        reportDescriptors: [
          { payloadType: 'USAGE', units: 'KWH', ...each },
          { payloadType: 'DEMAND', units: 'KW', ...each },
        ],
      });
      for (let hour = 1; hour < forHours; hour += SHED_EVERY_H) {
        await call('/events', {
          programID,
          eventName: `shed at hour ${hour}`,
          priority: 1,
          intervalPeriod: { start: iso(from + hours(hour)), duration: `PT${SHED_MINUTES}M` },
          intervals: [{ id: 0, payloads: [{ type: 'SIMPLE', values: [2] }] }],
        });
      }
    },
    async countReports() {
      for (let count = 0; ; ) {
        const page = (await call(`/reports?skip=${count}&limit=50`)) as unknown[];
        count += page.length;
        if (page.length < 50) return count;
      }
    },
  };
}

const iso = (time: number): string => new Date(time).toISOString();
