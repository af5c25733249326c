import { setImmediate } from 'node:timers/promises';
import type { Audit, AuditQuery, AuditRow } from '@venfleet/console-api';
import { titleOf } from '@venfleet/console-api/server';
import { type HasMonotonic, type HasNow, instant, minutes, seconds } from '@venfleet/core';
import type { GridReport } from '@venfleet/openadr';
import { type AuditTimes, auditReports, type PayloadAudit } from '../operator/audit.js';
import { alsoOnEvent, cameAfter, cameBefore, ofClientName } from '../store/reports.js';
import { Briefly } from './briefly.js';
import { reportIn } from './decode.js';
import type { BookedEvent } from './event-book.js';
import type { Known, LiveModelPorts } from './live-model.js';
import type { KnownVen } from './ven-index.js';

/** How long after it is due a report may still be on its way. */
const GRACE = minutes(2);
/** Asked again within so long, the last answer is given: a fleet's reports of an hour are many. */
const ANSWER_KEPT = seconds(5);
const PAGE = 50;

type Ports = Pick<LiveModelPorts, 'store' | 'reports'> & { readonly clock: HasNow & HasMonotonic };
type Scope = Pick<AuditQuery, 'minutes' | 'event' | 'ven'>;
/** A VTN knows of each row how often it was told twice. */
type CountedRow = AuditRow & { readonly doubled: number };
type Checked = Omit<Audit, 'rows' | 'total'> & { readonly all: readonly CountedRow[] };

/** Holds reports against what events ask for, one check at a time, and between VENs others have their turn. */
export class AuditDesk {
  readonly #ports: Ports;
  readonly #answers: Briefly<Promise<Checked>>;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#answers = new Briefly(ports.clock, ANSWER_KEPT);
  }

  async audit(known: Known, { faulty, offset, limit, ...scope }: AuditQuery): Promise<Audit> {
    const { all, ...sums } = await this.#checked(known, scope);
    const rows = faulty ? all.filter((row) => row.missing > 0 || row.doubled > 0) : all;
    return { ...sums, rows: rows.slice(offset, offset + limit), total: rows.length };
  }

  #checked(known: Known, scope: Scope): Promise<Checked> {
    return this.#answers.get(JSON.stringify(scope), () => {
      const checked = this.#turn.then(() => this.#check(known, scope));
      this.#turn = checked.catch(() => undefined);
      return checked;
    });
  }

  async #check(known: Known, { minutes: span, event, ven }: Scope): Promise<Checked> {
    const now = this.#ports.clock.now();
    const times: AuditTimes = { now, since: instant(now - minutes(span)), dueBy: instant(now - GRACE) };
    const events = known.events
      .all()
      .filter((one) => one.event.reportRequests.length > 0 && (event === undefined || one.event.id === event));
    const rows: CountedRow[] = [];
    for (const one of known.vens.all()) {
      if (ven !== undefined && one.name !== ven) continue;
      for (const booked of events) {
        if (known.events.scopeOf(booked, one) > 0) rows.push(...(await this.#one(booked, one, times)));
      }
    }
    const sum = (key: 'expected' | 'received' | 'missing' | 'doubled') => rows.reduce((total, row) => total + row[key], 0);
    rows.sort((a, b) => b.missing + b.doubled - a.missing - a.doubled || a.ven.localeCompare(b.ven));
    return {
      checkedAt: now,
      sinceAt: times.since,
      expected: sum('expected'),
      received: sum('received'),
      missing: sum('missing'),
      doubled: sum('doubled'),
      all: rows,
    };
  }

  async #one(booked: BookedEvent, ven: KnownVen, times: AuditTimes): Promise<CountedRow[]> {
    const { store, reports } = this.#ports;
    // What is due since then has come since then.
    const since = store.read(() => reports.firstSince(times.since));
    const conditions = [ofClientName(ven.name), cameAfter(since - 1), alsoOnEvent(booked.event.id)];
    const found: GridReport[] = [];
    let before = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const page = store.read(() => reports.page([...conditions, cameBefore(before)], { skip: 0, limit: PAGE }));
      found.push(...page.map(reportIn));
      await setImmediate();
      if (page.length < PAGE) break;
      before = page.at(-1)?.seq ?? 0;
    }
    return auditReports(booked.event, ven, found, times).map((audit) => rowOf(audit, booked));
  }
}

function rowOf(
  { event: eventId, ven, payloadType, resources, expected, missing, doubled }: PayloadAudit,
  { event }: BookedEvent,
): CountedRow {
  const absent = missing.reduce((sum, one) => sum + one.expected - one.received, 0);
  const surplus = doubled.reduce((sum, one) => sum + one.received - one.expected, 0);
  return {
    eventId,
    event: titleOf(event),
    ven,
    payloadType,
    resources,
    expected,
    received: expected - absent + surplus,
    missing: missing.length,
    doubled: doubled.length,
  };
}
