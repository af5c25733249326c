import { type Clock, type Instant, instant, seconds } from '@venfleet/core';
import { type End, endOf, type Span, spanDuring, startOf } from '@venfleet/openadr';
import { anchorOf, type PreparedEvent, type PreparedGroup } from './prepared.js';
import { buildContent, type ReportContent, type ValueSources } from './values.js';
import type { VenOutbox } from './ven-outbox.js';

/** Frequency 0 leaves the time to the VEN: it looks so often, and reports when something has changed. */
const LOOK_EVERY = seconds(60);
/** A number has changed when it differs by more than this part. */
const NOTABLE = 0.1;

interface Look {
  readonly at: Instant;
  /** What was reported last. */
  readonly reported: { readonly until: Instant; readonly content: ReportContent };
}

export interface AdHocOptions {
  readonly outbox: VenOutbox;
  readonly sources: ValueSources;
  readonly clock: Clock;
}

/** Reports on change of state, at most one a minute and request (OpenADR 3.1 Definition, reportDescriptor.frequency 0). */
export class AdHocReports {
  readonly #options: AdHocOptions;
  readonly #looks = new WeakMap<PreparedGroup, Look>();

  constructor(options: AdHocOptions) {
    this.#options = options;
  }

  /** Looks whether there is something to report, and puts it into the outbox. @returns when to look again */
  async look(event: PreparedEvent, prepared: PreparedGroup): Promise<End> {
    const { outbox, clock } = this.#options;
    const now = clock.now();
    const { group } = prepared;
    const ordinal = outbox.next(event.id, group.key) ?? 0;
    const start = startOf(event.timeline);
    const end = endOf(event.timeline);
    const isOver = end !== 'forever' && (end === undefined || end <= now);
    if (start === undefined || isOver || (group.timing.repeat !== -1 && ordinal >= group.timing.repeat)) return 'forever';
    if (now < start) return start;
    const last = this.#looks.get(prepared);
    // A clock that was stepped back must not silence it.
    if (last !== undefined && last.at <= now && now - last.at < LOOK_EVERY) return instant(last.at + LOOK_EVERY);
    const current = spanDuring(event.timeline, now);
    if (current !== undefined) await this.#report(event, prepared, ordinal, current, now);
    return instant(now + LOOK_EVERY);
  }

  async #report(event: PreparedEvent, prepared: PreparedGroup, ordinal: number, current: Span, now: Instant): Promise<void> {
    const last = this.#looks.get(prepared);
    const since = Math.max(current.start, last?.reported.until ?? now - LOOK_EVERY);
    const span: Span = prepared.group.timing.historical
      ? { id: current.id, start: instant(Math.min(since, now)), end: now }
      : { id: current.id, start: now, end: current.end };
    const how = { anchor: anchorOf(event, prepared, now), alwaysQuality: prepared.alwaysQuality };
    const content = await buildContent(prepared.answers, [span], this.#options.sources, how);
    if (last !== undefined && !isNotable(last.reported.content, content)) {
      this.#looks.set(prepared, { ...last, at: now });
      return;
    }
    const report = { ordinal, dueAt: now, covers: [span] };
    const stored = { programId: event.programId, ...content };
    this.#options.outbox.plan(event.id, prepared.group.key, [report], ordinal + 1, { content: stored });
    this.#looks.set(prepared, { at: now, reported: { until: now, content } });
  }
}

/** Whether a word differs between two reports of the same resources, a value came or went, or a number changed notably. */
function isNotable(before: ReportContent, after: ReportContent): boolean {
  const [old, recent] = [valuesOf(before), valuesOf(after)];
  return old.length !== recent.length || old.some((value, i) => differs(value, recent[i]));
}

function valuesOf({ resources }: ReportContent): unknown[] {
  return resources.flatMap(({ name, intervals }) =>
    intervals.flatMap(({ payloads }) => payloads.flatMap(({ type, values }) => [name, type, ...values])),
  );
}

function differs(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a !== b;
  return Math.abs(a - b) > NOTABLE * Math.max(Math.abs(a), Math.abs(b));
}
