import { describe, expect, it } from '@jest/globals';
import { type Duration, hours, type Instant, instant, milliseconds, minutes, seconds } from '@venfleet/core';
import { type GridEvent, type GridReport, ReportPlan, type ReportRequest, type Span, timelineOf } from '@venfleet/openadr';
import fc from 'fast-check';
import { type AuditedVen, type AuditTimes, auditReports } from '../src/operator/audit.js';

const at = (time: string): Instant => instant(Date.parse(`2026-06-15T${time}:00Z`));
const WRITTEN = at('00:00');
const ven: AuditedVen = {
  name: 'Aalborg',
  targets: ['north'],
  resources: [
    { name: 'r-1', targets: [] },
    { name: 'r-2', targets: ['special'] },
  ],
};

const request = (more: Partial<ReportRequest> = {}): ReportRequest => ({
  payloadType: 'USAGE',
  targets: [],
  aggregate: false,
  startInterval: 0,
  numIntervals: 1,
  historical: true,
  frequency: 1,
  repeat: -1,
  reportIntervals: 'INTERVALS',
  ...more,
});

const event = (more: Partial<GridEvent> = {}): GridEvent => ({
  id: 'e',
  programId: 'p',
  createdAt: WRITTEN,
  modifiedAt: WRITTEN,
  targets: [],
  start: at('01:00'),
  length: hours(1),
  intervals: [0, 1, 2, 3].map((id) => ({ id, start: at(`0${id + 1}:00`), duration: hours(1), payloads: [] })),
  payloadDescriptors: [],
  reportRequests: [request()],
  ...more,
});

const noon: AuditTimes = { now: at('12:00'), since: instant(0), dueBy: at('12:00') };

let reportCount = 0;
function report(
  spans: readonly Pick<Span, 'id' | 'start'>[],
  names: readonly string[] = ['r-1', 'r-2'],
  type = 'USAGE',
): GridReport {
  const payloads = [{ type, values: [1] }];
  return {
    id: `report-${++reportCount}`,
    eventId: 'e',
    clientName: 'Aalborg',
    descriptors: [],
    resources: names.map((name) => ({
      name,
      intervals: spans.map(({ id, start }) => ({ id, start, duration: hours(1), payloads })),
    })),
  };
}

/** The reports that a VEN owes which saw the event at that time, each with all its intervals. */
function owed(of: GridEvent, seenAt: Instant, until: Instant): GridReport[] {
  const plan = new ReportPlan(timelineOf(of, seenAt), of.reportRequests[0] as ReportRequest, seenAt);
  const reports: GridReport[] = [];
  for (let k = plan.firstFor(seenAt); ; k++) {
    const planned = plan.at(k);
    if (planned === undefined || planned.dueAt > until) return reports;
    reports.push(report(planned.covers));
  }
}

/** `resource interval: received of expected` for what is missing and doubled. */
function audit(of: GridEvent, reports: readonly GridReport[], times = noon, who = ven) {
  const audits = auditReports(of, who, reports, times);
  const lines = (key: 'missing' | 'doubled') =>
    audits.flatMap((one) => one[key].map((f) => `${f.resource} ${f.interval}: ${f.received} of ${f.expected}`));
  return { expected: audits.reduce((sum, one) => sum + one.expected, 0), missing: lines('missing'), doubled: lines('doubled') };
}

describe('the audit of reports', () => {
  it('finds nothing where each interval of each resource has its report', () => {
    expect(audit(event(), owed(event(), WRITTEN, noon.now))).toEqual({ expected: 8, missing: [], doubled: [] });
  });

  it('tells event, resource and interval of what is missing and of what is doubled', () => {
    const reports = owed(event(), WRITTEN, noon.now);
    const [first, , third] = reports as [GridReport, GridReport, GridReport];
    const lacking = [
      ...reports.filter((r) => r !== third),
      { ...first, id: 'again' },
      report([{ id: 2, start: at('03:00') }], ['r-2']),
    ];
    expect(audit(event(), lacking)).toEqual({
      expected: 8,
      missing: ['r-1 2: 0 of 1'],
      doubled: ['r-1 0: 2 of 1', 'r-2 0: 2 of 1'],
    });
  });

  it('windows that overlap are told of several times, as asked', () => {
    const overlapping = event({ reportRequests: [request({ startInterval: 1, numIntervals: 2, frequency: 1 })] });
    const reports = owed(overlapping, WRITTEN, noon.now);
    expect(reports).toHaveLength(3);
    expect(audit(overlapping, reports)).toEqual({ expected: 12, missing: [], doubled: [] });
    expect(audit(overlapping, reports.slice(1)).missing).toEqual([
      'r-1 0: 0 of 1',
      'r-1 1: 1 of 2',
      'r-2 0: 0 of 1',
      'r-2 1: 1 of 2',
    ]);
  });

  it('two objects of one interval in one report are one report', () => {
    const twice = report([
      { id: 0, start: at('01:00') },
      { id: 0, start: at('01:00') },
    ]);
    expect(audit(event(), [twice], { ...noon, dueBy: at('02:30'), now: at('02:30') })).toEqual({
      expected: 2,
      missing: [],
      doubled: [],
    });
  });

  it('another payload type does not count', () => {
    const reports = [report([{ id: 0, start: at('01:00') }], ['r-1', 'r-2'], 'DEMAND')];
    expect(audit(event(), reports, { ...noon, dueBy: at('02:00'), now: at('02:00') }).missing).toHaveLength(2);
  });

  it('what is due a moment ago may be there or not', () => {
    const times = { now: at('02:01'), since: instant(0), dueBy: at('01:59') };
    expect(audit(event(), [], times)).toEqual({ expected: 0, missing: [], doubled: [] });
    expect(audit(event(), owed(event(), WRITTEN, at('02:01')), times).doubled).toEqual([]);
  });

  it('looks only for reports due since a time, and the latest before it', () => {
    expect(audit(event(), [], { ...noon, since: at('04:30') }).missing).toEqual([
      'r-1 2: 0 of 1',
      'r-1 3: 0 of 1',
      'r-2 2: 0 of 1',
      'r-2 3: 0 of 1',
    ]);
  });

  it('of a VEN that is not addressed nothing is expected, and targets narrow the resources', () => {
    expect(audit(event({ targets: ['south'] }), [])).toEqual({ expected: 0, missing: [], doubled: [] });
    expect(audit(event({ targets: ['north'] }), []).expected).toBe(8);
    expect(audit(event({ reportRequests: [request({ targets: ['special'] })] }), []).expected).toBe(4);
  });

  it('a sum over resources is one', () => {
    const summed = event({ reportRequests: [request({ aggregate: true })] });
    const reports = [0, 1, 2, 3].map((id) => report([{ id, start: at(`0${id + 1}:00`) }], ['AGGREGATED_REPORT']));
    expect(audit(summed, reports)).toEqual({ expected: 4, missing: [], doubled: [] });
  });

  it('pieces of an interval count for it, under its id or their own', () => {
    for (const own of [false, true]) {
      const reports = [0, 1, 2, 3].map((id) =>
        report([0, 15, 30, 45].map((minute, i) => ({ id: own ? i : id, start: instant(at(`0${id + 1}:00`) + minutes(minute)) }))),
      );
      expect(audit(event(), reports)).toEqual({ expected: 8, missing: [], doubled: [] });
    }
  });

  it('requests for one payload type are counted together', () => {
    const both = event({
      reportRequests: [
        request(),
        request({ startInterval: -1, numIntervals: -1, frequency: -1, repeat: 1, targets: ['special'] }),
      ],
    });
    const whole = report(
      [0, 1, 2, 3].map((id) => ({ id, start: at(`0${id + 1}:00`) })),
      ['r-2'],
    );
    const hourly = owed(event(), WRITTEN, noon.now);
    expect(audit(both, [...hourly, whole])).toEqual({ expected: 12, missing: [], doubled: [] });
    expect(audit(both, hourly).missing).toEqual(['r-2 0: 1 of 2', 'r-2 1: 1 of 2', 'r-2 2: 1 of 2', 'r-2 3: 1 of 2']);
  });

  it('reports at the VEN’s discretion are not looked for', () => {
    expect(audit(event({ reportRequests: [request({ frequency: 0 })] }), []).expected).toBe(0);
  });

  const floating: [string, GridEvent][] = [
    [
      'begins now',
      event({
        start: 'now',
        intervals: [3, 5].map((id, i) => ({ id, start: i === 0 ? 'now' : 'next', duration: hours(1), payloads: [] })),
      }),
    ],
    ['leaves intervals and times to the VEN', event({ start: undefined, length: undefined, intervals: [] })],
    ['has implied intervals from now on', event({ start: 'now', length: minutes(15), intervals: [] })],
    [
      'loops from now on',
      event({
        start: 'now',
        duration: 'forever',
        intervals: [3, 5].map((id, i) => ({ id, start: i === 0 ? 'now' : 'next', duration: minutes(20), payloads: [] })),
      }),
    ],
  ];
  it.each(floating)('an event that %s begins when the VEN saw it', (_, of) => {
    const seenAt = instant(WRITTEN + seconds(47));
    const reports = owed(of, seenAt, noon.now);
    const complete = audit(of, reports);
    expect(complete).toMatchObject({ missing: [], doubled: [] });
    expect(complete.expected).toBe(2 * reports.length);
    const [, second] = reports as [GridReport, GridReport];
    expect(
      audit(
        of,
        reports.filter((r) => r !== second),
      ).missing,
    ).toHaveLength(2);
    expect(audit(of, [...reports, { ...second, id: 'again' }]).doubled).toHaveLength(2);
  });

  it('finds exactly what was taken away from or added to what any timing asks for', () => {
    const timings = fc.record({
      startInterval: fc.integer({ min: -1, max: 4 }),
      numIntervals: fc.constantFrom(-1, 1, 2, 3),
      historical: fc.boolean(),
      frequency: fc.constantFrom(-1, 1, 2),
      repeat: fc.constantFrom(-1, 1, 3),
    });
    const lengths: fc.Arbitrary<Duration | undefined> = fc.constantFrom(undefined, minutes(150), hours(9));
    fc.assert(
      fc.property(timings, lengths, fc.nat(), (timing, duration, pick) => {
        const of = event({ reportRequests: [request(timing)], ...(duration === undefined ? {} : { duration }) });
        const reports = owed(of, WRITTEN, noon.now);
        const complete = audit(of, reports);
        expect([complete.missing, complete.doubled]).toEqual([[], []]);
        expect(complete.expected).toBe(reports.reduce((sum, r) => sum + 2 * (r.resources[0]?.intervals.length ?? 0), 0));
        if (reports.length === 0) return;
        const one = reports[pick % reports.length] as GridReport;
        const count = 2 * new Set(one.resources[0]?.intervals.map(({ id, start }) => `${id} ${start}`)).size;
        expect(
          audit(
            of,
            reports.filter((r) => r !== one),
          ).missing,
        ).toHaveLength(count);
        expect(audit(of, [...reports, { ...one, id: 'again' }]).doubled).toHaveLength(count);
      }),
    );
  });

  it('an endless request of a year is audited', () => {
    const standing = event({ start: WRITTEN, length: minutes(15), intervals: [] });
    const times = {
      ...noon,
      now: instant(WRITTEN + milliseconds(365 * 86_400_000)),
      dueBy: instant(WRITTEN + milliseconds(365 * 86_400_000)),
    };
    expect(audit(standing, [], times).expected).toBe(2 * 365 * 96);
  });
});
