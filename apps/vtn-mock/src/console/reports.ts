import type { Quality, ReportPage, ReportQuery, ReportSummary } from '@venfleet/console-api';
import { ConsoleProblem, titleOf } from '@venfleet/console-api/server';
import type { GridReport } from '@venfleet/openadr';
import type { Tables } from '../objects/tables.js';
import { QUALITIES } from '../operator/measurements.js';
import type { Condition } from '../store/listing.js';
import { alsoOnEvent, cameBefore, ofClientName, onEvent, type ReportRow } from '../store/reports.js';
import type { Store } from '../store/store.js';
import { reportIn } from './decode.js';
import type { Known } from './live-model.js';

/** A page of the reports, the newest first. @throws ConsoleProblem 400 */
export function reportPage(
  { reports, store }: Pick<Tables, 'reports'> & { readonly store: Store },
  known: Known,
  { ven, event, before, limit }: ReportQuery,
): ReportPage {
  const conditions: Condition[] = [];
  if (event !== undefined) conditions.push(ven === undefined ? onEvent(event) : alsoOnEvent(event));
  if (ven !== undefined) conditions.push(ofClientName(ven));
  if (before !== undefined) conditions.push(cameBefore(seqOf(before)));
  const rows = store.read(() => reports.page(conditions, { skip: 0, limit: limit + 1 }));
  const shown = rows.slice(0, limit);
  return {
    reports: shown.map((row) => summaryOf(row, known)),
    next: rows.length > limit ? String(shown.at(-1)?.seq) : null,
  };
}

function seqOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ConsoleProblem(400, 'in the query: before: must be the `next` of a page', { fields: { before: 'is no page' } });
}

function summaryOf(row: ReportRow, known: Known): ReportSummary {
  const report = reportIn(row);
  const event = known.events.get(row.eventId);
  const intervals = report.resources.flatMap((resource) => resource.intervals);
  const payloads = intervals.flatMap((interval) => interval.payloads);
  let [startAt, endAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { start, duration } of intervals) {
    if (start === undefined) continue;
    startAt = Math.min(startAt, start);
    endAt = Math.max(endAt, start + (typeof duration === 'number' ? duration : 0));
  }
  return {
    id: row.id,
    createdAt: row.created,
    ven: row.clientName,
    eventId: row.eventId,
    event: event === undefined ? null : titleOf(event.event),
    payloadTypes: [...new Set(payloads.map(({ type }) => type))].filter((type) => type !== 'DATA_QUALITY'),
    resources: report.resources.length,
    intervals: intervals.length,
    startAt: Number.isFinite(startAt) ? startAt : null,
    endAt: Number.isFinite(endAt) ? endAt : null,
    quality: worstQuality(report),
    state: 'received',
    dueAt: null,
    reason: null,
  };
}

/** One without a value has none; what says nothing of its quality is good. */
function worstQuality({ resources }: GridReport): Quality {
  let worst = 0;
  for (const { intervals } of resources) {
    for (const { payloads } of intervals) {
      const said = payloads.find(({ type }) => type === 'DATA_QUALITY')?.values[0];
      worst = Math.max(worst, QUALITIES.indexOf(said as Quality));
    }
  }
  return QUALITIES[worst] ?? 'OK';
}
