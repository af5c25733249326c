import { type Instant, instant } from '@venfleet/core';
import type { GridReport } from '@venfleet/openadr';
import { type Measurement, measurementsOf, type Sample, samplesOf } from './measurements.js';

/** The newest of what one VEN has reported on one event. */
export interface BoardRow extends Sample {
  readonly program: string;
  readonly ven: string;
}

/** More intervals of a VEN than these are of no use to a table of what is newest. */
const KEPT = 40;
/** Reports are read newest first, so that only the newest need be known again. */
const MOST_SEEN = 20_000;

/** Keeps the newest measurements of each VEN and program as reports come in. */
export class LoadBoard {
  readonly #seen = new Set<string>();
  readonly #byVen = new Map<string, { readonly program: string; readonly ven: string; measurements: Measurement[] }>();

  has(reportId: string): boolean {
    return this.#seen.has(reportId);
  }

  /** @param reports the newest first, on events of that program */
  add(program: string, reports: readonly GridReport[]): void {
    for (const report of reports.toReversed()) {
      if (this.#seen.has(report.id)) continue;
      this.#remember(report.id);
      const key = JSON.stringify([program, report.clientName]);
      const row = this.#byVen.get(key) ?? { program, ven: report.clientName, measurements: [] };
      row.measurements = [...measurementsOf(report), ...row.measurements].slice(0, KEPT * report.resources.length);
      this.#byVen.set(key, row);
    }
  }

  #remember(id: string): void {
    this.#seen.add(id);
    const [oldest] = this.#seen;
    if (this.#seen.size > MOST_SEEN && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** By program, then the largest reduction first. */
  rows(): BoardRow[] {
    const rows = [...this.#byVen.values()].flatMap(({ program, ven, measurements }) => {
      const newest = samplesOf(measurements).findLast(({ load }) => load !== undefined);
      return newest === undefined ? [] : [{ program, ven, ...newest }];
    });
    return rows.sort(
      (a, b) => a.program.localeCompare(b.program) || reductionOf(b) - reductionOf(a) || a.ven.localeCompare(b.ven),
    );
  }
}

/** How far the load is below the baseline, in watts; 0 where that is not known. */
export function reductionOf({ load, baseline }: Pick<Sample, 'load' | 'baseline'>): number {
  return load === undefined || baseline === undefined ? 0 : baseline - load;
}

/** The sum over the VENs of a program. */
export interface BoardTotal {
  readonly program: string;
  readonly vens: number;
  /** Of the VENs that have told both. */
  readonly loadW: number;
  readonly baselineW: number;
  readonly newest: Instant;
}

export function totalsOf(rows: readonly BoardRow[]): BoardTotal[] {
  const totals = new Map<string, BoardTotal>();
  for (const { program, load, baseline, end } of rows) {
    const known = totals.get(program) ?? { program, vens: 0, loadW: 0, baselineW: 0, newest: end };
    const both = load !== undefined && baseline !== undefined;
    totals.set(program, {
      program,
      vens: known.vens + 1,
      loadW: known.loadW + (both ? load : 0),
      baselineW: known.baselineW + (both ? baseline : 0),
      newest: instant(Math.max(end, known.newest)),
    });
  }
  return [...totals.values()];
}
