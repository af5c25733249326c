import type { Instant } from '@venfleet/core';
import { endOf, formatDuration, type GridEvent, type GridReport, type Length, startOf, timelineOf } from '@venfleet/openadr';

/** Columns padded to equal width, two spaces between them. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...all.map((row) => [...(row[i] ?? '')].length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

/** With one decimal; `–` where it is not known. */
export const numberText = (value: number | null): string => (value === null ? '–' : value.toFixed(1));

/** `2026-06-15T09:30:00Z` */
export const timeText = (time: Instant): string => new Date(time).toISOString().replace('.000Z', 'Z');

/** An event as JSON for programs: times and lengths in ISO 8601. */
export function eventView(event: GridEvent): object {
  const time = (at: Instant | 'now' | 'next' | undefined) => (typeof at === 'number' ? timeText(at) : at);
  const length = (given: Length | undefined) => (given === undefined ? undefined : formatDuration(given));
  return {
    ...event,
    createdAt: time(event.createdAt),
    modifiedAt: time(event.modifiedAt),
    start: time(event.start),
    length: length(event.length),
    randomizeStart: length(event.randomizeStart),
    duration: length(event.duration),
    intervals: event.intervals.map((interval) => ({
      ...interval,
      start: time(interval.start),
      duration: length(interval.duration),
      randomizeStart: length(interval.randomizeStart),
    })),
  };
}

/** @param now what a start of now means where the VTN does not say when the event was written */
export function eventTable(events: readonly GridEvent[], now: Instant): string {
  if (events.length === 0) return 'no events';
  return table(
    ['id', 'name', 'priority', 'start', 'end', 'intervals', 'payloads', 'reports'],
    events.map((event) => {
      const timeline = timelineOf(event, event.modifiedAt ?? now);
      const [start, end] = [startOf(timeline), endOf(timeline)];
      return [
        event.id,
        event.name ?? '',
        event.priority === undefined ? '' : `${event.priority}`,
        event.start === 'now' ? 'now' : start === undefined ? '' : timeText(start),
        end === undefined || end === 'forever' ? 'never' : timeText(end),
        intervalText(event),
        [...new Set(event.intervals.flatMap(({ payloads }) => payloads.map(({ type }) => type)))].join(','),
        event.reportRequests.map(({ payloadType }) => payloadType).join(','),
      ];
    }),
  );
}

function intervalText({ intervals, length }: GridEvent): string {
  if (intervals.length > 0) return `${intervals.length}`;
  return length === undefined ? 'none' : `each ${formatDuration(length)}`;
}

export function reportTable(reports: readonly GridReport[]): string {
  if (reports.length === 0) return 'no reports';
  return table(
    ['id', 'created', 'client', 'event', 'resources', 'intervals', 'from', 'payloads', 'name'],
    reports.map(({ id, createdAt, clientName, eventId, resources, name }) => {
      const intervals = resources.flatMap((resource) => resource.intervals);
      const starts = intervals.flatMap(({ start }) => (start === undefined ? [] : [start]));
      const from = starts.reduce<Instant | undefined>(
        (least, start) => (least === undefined || start < least ? start : least),
        undefined,
      );
      return [
        id,
        createdAt === undefined ? '' : timeText(createdAt),
        clientName,
        eventId,
        `${resources.length}`,
        `${intervals.length}`,
        from === undefined ? '' : timeText(from),
        [...new Set(intervals.flatMap(({ payloads }) => payloads.map(({ type }) => type)))].join(','),
        name ?? '',
      ];
    }),
  );
}
