import { type Instant, instant, seconds } from '@venfleet/core';
import { formatDateTime } from '@venfleet/openadr';
import { type JsonObject, Nonconformity } from '@venfleet/openadr/conform';
import { BOTH, type Line } from '../line.js';
import type { Seat } from '../seats.js';
import { isPost, isReportOn, type Trial } from '../trial.js';
import { type Exchange, objectOf } from '../vtn/gateway.js';

/** An interval lasts so long, in s, and the first begins so long after it was made known. */
const [LENGTH, AHEAD] = [3, 2];
/** Sites may be read at other moments for one report than for another. */
const ALIKE = 0.1;

/** As much of a report as is looked at. */
interface Report {
  readonly resources?: readonly {
    readonly resourceName?: string;
    readonly intervals?: readonly {
      readonly id?: unknown;
      readonly payloads?: readonly { readonly type?: string; readonly values?: readonly unknown[] }[];
    }[];
  }[];
}

export const REPORTS: readonly Line[] = [
  {
    number: 78,
    title: 'Sends reports at their times with echoed interval ids',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const start = trial.inS(AHEAD);
      const ids = [40, 7, 30, 12];
      const request = usage({ startInterval: 1, numIntervals: 2, frequency: 2, repeat: 2 });
      const event = await trial.event(priced(start, ids, [request]));
      for (const [n, end] of [2, 4].entries()) {
        const due = instant(start + seconds(end * LENGTH));
        const [report] = (await reports(trial, seat, event, n + 1, due)).slice(n) as [Exchange];
        const wanted = ids.slice(end - 2, end);
        const early = `report ${n + 1} of 2 after its intervals are over, at ${formatDateTime(due).slice(11)}`;
        // As much as clocks of one machine are read apart.
        if (report.askedAt < due - 100) throw trial.differs(early, [report]);
        const seen = idsOf(report);
        if (seen.length === 0 || seen.some((own) => own.join() !== wanted.join())) {
          throw trial.differs(`report ${n + 1} of 2 on intervals ${wanted.join(' and ')}, for each resource`, [report]);
        }
      }
    },
  },
  {
    number: 79,
    title: 'Sums into AGGREGATED_REPORT when asked',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const start = trial.inS(AHEAD);
      const single = await trial.event(priced(start, [1], [usage({})]));
      const summed = await trial.event(priced(start, [1], [usage({ aggregate: true })]));
      const due = instant(start + seconds(LENGTH));
      const [each] = (await reports(trial, seat, single, 1, due)) as [Exchange];
      const [sum] = (await reports(trial, seat, summed, 1, due)) as [Exchange];
      const [one, ...others] = resourcesOf(sum);
      if (one?.resourceName !== 'AGGREGATED_REPORT' || others.length > 0) {
        throw trial.differs('one entry, for the resource AGGREGATED_REPORT', [sum]);
      }
      const parts = resourcesOf(each).filter(({ resourceName }) => resourceName !== 'AGGREGATED_REPORT');
      if (parts.length === 0) throw trial.differs('an entry for each resource where no sum is asked for', [each]);
      const total = parts.reduce((all, part) => all + usageOf(part), 0);
      if (Math.abs(usageOf(one) - total) > ALIKE * Math.abs(total)) {
        throw trial.differs(`the sum of ${parts.length} resources, ${total}`, [each, sum]);
      }
      if (parts.length === 1) trial.notes.push('it has one resource only: the sum is its value');
    },
  },
  {
    number: 80,
    title: 'Report-only events produce reports and no load change',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const start = trial.inS(AHEAD);
      const whole = { intervalPeriod: { start: formatDateTime(start), duration: `PT${LENGTH}S` } };
      // 3.0.1 insists on intervals.
      const none = trial.in301 ? { intervals: [] } : {};
      const event = await trial.event({ ...whole, ...none, reportDescriptors: [usage({})] });
      await reports(trial, seat, event, 1, instant(start + seconds(LENGTH)));
      if (seat.ven.plan === undefined) return void trial.notes.push('whether its load changes is not told (--plan-command)');
      await trial.limit(seat, undefined, null, 'an event without payloads wants no other load');
    },
  },
  {
    number: 81,
    title: 'reportName is absent or unique',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const isReport = ({ ask, reply }: Exchange) => isPost(ask, 'reports') && reply.status === 201;
      if (seat.gateway.exchanges.filter(isReport).length < 2) {
        const start = trial.inS(AHEAD);
        const request = usage({ startInterval: 0, numIntervals: 1, frequency: 1, repeat: 2 });
        const event = await trial.event(priced(start, [1, 2], [request]));
        await reports(trial, seat, event, 2, instant(start + seconds(2 * LENGTH)));
      }
      const sent = seat.gateway.exchanges.filter(isReport);
      const named = sent.map(({ ask }) => objectOf(ask).reportName).filter((name) => name !== undefined && name !== null);
      const twice = named.filter((name, i) => named.indexOf(name) !== i);
      if (twice.length > 0) throw new Nonconformity({ expected: 'other names', seen: `reportName ${twice.join(', ')} twice` });
    },
  },
];

/** A descriptor that asks for usage. */
const usage = (more: JsonObject): JsonObject => ({ payloadType: 'USAGE', units: 'KWH', ...more });

/** An event that commands nothing, with short intervals and requests for reports on them. */
const priced = (start: Instant, ids: readonly number[], reportDescriptors: readonly JsonObject[]): JsonObject => ({
  intervalPeriod: { start: formatDateTime(start), duration: `PT${LENGTH}S` },
  intervals: ids.map((id) => ({ id, payloads: [{ type: 'PRICE', values: [0.2] }] })),
  reportDescriptors,
});

/** Waits for reports on an event, the last of which is due at a time. */
async function reports(trial: Trial, seat: Seat, event: string, count: number, due: Instant): Promise<Exchange[]> {
  const patience = seconds(Math.max(0, due - trial.now()) / 1000 + trial.waiting.patience / 1000);
  const expected = `${count === 1 ? 'a report' : `${count} reports`} on event ${event}`;
  const found = await seat.gateway.wait(instant(0), isReportOn(event), { ...trial.waiting, patience, count });
  if (found.length >= count) return found;
  throw trial.differs(
    expected,
    seat.gateway.exchanges.filter(({ ask }) => isPost(ask, 'reports') && objectOf(ask).eventID === event),
  );
}

const resourcesOf = ({ ask }: Exchange): NonNullable<Report['resources']> => (objectOf(ask) as Report).resources ?? [];

/** The ids of the intervals of each resource; one with several values of other qualities is there more than once. */
const idsOf = (report: Exchange): unknown[][] =>
  resourcesOf(report).map(({ intervals = [] }) => [...new Set(intervals.map(({ id }) => id))]);

function usageOf({ intervals = [] }: NonNullable<Report['resources']>[number]): number {
  const payloads = intervals.flatMap(({ payloads = [] }) => payloads).filter(({ type }) => type === 'USAGE');
  return payloads.flatMap(({ values = [] }) => values).reduce<number>((sum, value) => sum + Number(value), 0);
}
