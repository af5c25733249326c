import { minutes, seconds, systemClock, VenfleetError } from '@venfleet/core';
import type { AgentFigures } from './figures.js';
import { DEMONSTRATION_PROGRAM } from './standing-request.js';

export interface DemonstrationOptions {
  readonly figures: AgentFigures;
  /** Runs a command of the mock VTN, as an operator would. @returns what it printed */
  readonly vtn: (...args: string[]) => Promise<string>;
  readonly signal: AbortSignal;
}

const SHED_PERCENT = 20;
/** Each interval is reported as soon as it is over. */
const INTERVAL = '30s';
const LONGEST = '15m';
/** With new meters the baseline is what was drawn just before: each must have been read for a while. */
const BEFORE = seconds(60);
/** So much of what was asked for must be seen in the reports of one interval. */
const DELIVERED = 0.9;

/** What `vtn-mock watch --json` tells of a program. */
interface Board {
  readonly programs: readonly {
    readonly program: string;
    readonly vens: number;
    readonly loadKw: number;
    readonly baselineKw: number;
    readonly reductionKw: number;
    readonly until: string;
  }[];
}

/** What `vtn-mock performance --json` tells of an event. */
interface Performance {
  readonly total: { readonly requestedKw: number; readonly deliveredKw: number; readonly deliveredKwh: number };
}

/**
 * All of Denmark sheds load, which its meters show and its VENs report; then the event is cancelled, and the load comes
 * back.
 * @throws VenfleetError DEMONSTRATION_FAILED at the first thing that does not happen
 */
export async function demonstrate({ figures, vtn, signal }: DemonstrationOptions): Promise<void> {
  figures.say('\n▸ Waiting until the meters are met, and then for a baseline');
  const wait = (longestS: number, what: string) => ({ longestS, what, failure: 'DEMONSTRATION_FAILED', signal }) as const;
  await figures.until(({ meters, answering }) => answering >= 0.99 * meters, wait(240, 'that 99 % of the meters answer'));
  await systemClock.sleep(BEFORE, signal);

  figures.say(`\n▸ All of Denmark sheds ${SHED_PERCENT} % of its load, now`);
  const report = ['--report', `load:${INTERVAL}`, '--report', `baseline:${INTERVAL}`];
  const how = ['--shed', `${SHED_PERCENT}%`, '--for', LONGEST, '--interval', INTERVAL, ...report, '--notify', '--json'];
  const name = ['--program', DEMONSTRATION_PROGRAM, '--name', `Denmark sheds ${SHED_PERCENT} %`];
  const created = JSON.parse(await vtn('event', 'create', ...name, ...how)) as { id: string };
  try {
    await figures.until(({ limited = 0 }) => limited > 0, wait(60, 'that the first site holds a limit'));
    await follow(figures, vtn, signal);
  } finally {
    // Not even a demonstration that fails leaves a country without power.
    if (!signal.aborted) await vtn('event', '--cancel', created.id, '--notify', '--json');
  }
  figures.say('\n▸ Cancelled: each site is released at a moment of its own within two minutes');
  await figures.until(({ limited }) => limited === 0, wait(240, 'that every site is released'));
  const { total } = JSON.parse(await vtn('performance', created.id, '--json')) as Performance;
  figures.say(
    `\n✔ Restored. Settled from the VENs' reports: ${megawatts(total.requestedKw)} asked for, ` +
      `${megawatts(total.deliveredKw)} delivered on average, its beginning included; ${Math.round(total.deliveredKwh).toLocaleString('en')} kWh not drawn.`,
  );
  figures.say(`  npx nx run vtn-mock:performance ${created.id}   tells it by VEN`);
}

/** Tells the reduction as it grows, until it is what was asked for. */
async function follow(figures: AgentFigures, vtn: DemonstrationOptions['vtn'], signal: AbortSignal): Promise<void> {
  const end = systemClock.monotonic() + minutes(6);
  let told = '';
  while (systemClock.monotonic() < end) {
    await systemClock.sleep(seconds(5), signal);
    const board = JSON.parse(await vtn('watch', '--once', '--program', DEMONSTRATION_PROGRAM, '--json')) as Board;
    const row = board.programs.find(({ program }) => program === DEMONSTRATION_PROGRAM);
    if (row === undefined || `${row.vens} ${row.until}` === told) continue;
    told = `${row.vens} ${row.until}`;
    const share = row.baselineKw > 0 ? row.reductionKw / row.baselineKw : 0;
    figures.say(
      `  reported by ${row.vens} VENs until ${row.until.slice(11, 19)}: ${megawatts(row.loadKw)} in place of ` +
        `${megawatts(row.baselineKw)}, ${megawatts(row.reductionKw)} less (${(share * 100).toFixed(1)} %)`,
    );
    if (row.vens === VENS && share * 100 >= DELIVERED * SHED_PERCENT) return;
  }
  throw new VenfleetError(
    'DEMONSTRATION_FAILED',
    `the reports have not shown ${DELIVERED * 100} % of the reduction within six minutes`,
  );
}

const VENS = 158;
const megawatts = (kW: number): string => `${(kW / 1000).toFixed(1)} MW`;
