import type { AgentStatus } from './status.js';

/** On-time shares are of the slots of so many samples. */
const WINDOW = 6;

/** So many reasons why meters do not answer are on the line; /meters has all. */
const REASONS = 3;

const number = (value: number) => value.toLocaleString('en');

/** One moment of a running agent, for a line on the terminal or a record in a pipe. */
export interface LiveFigures {
  readonly meters: number;
  readonly answering: number;
  /** Of those that do not, how many for which reason. */
  readonly problems: Readonly<Record<string, number>>;
  readonly readingsPerS: number;
  /** Of the slots in the last samples that are over, the share in which the meter was read on time; undefined before any is. */
  readonly onTime: number | undefined;
  readonly reports: { readonly acknowledged: number; readonly waiting: number } | undefined;
  /** Codes of the alarms that are raised. */
  readonly alarms: readonly string[];
  /** Sites that hold a limit; undefined for an agent that controls nothing. */
  readonly limited: number | undefined;
}

/** Makes figures of statuses taken one after the other. */
export class LiveFigureSeries {
  readonly #samples: { readonly atMs: number; readonly status: AgentStatus }[] = [];

  /** @param atMs on the monotonic clock */
  next(status: AgentStatus, atMs: number): LiveFigures {
    const previous = this.#samples.at(-1);
    this.#samples.push({ atMs, status });
    if (this.#samples.length > WINDOW + 1) this.#samples.shift();
    const oldest = this.#samples[0]?.status.metering;
    const { metering, reporting, control } = status;
    const spanS = previous === undefined ? 0 : (atMs - previous.atMs) / 1000;
    const over = (m: AgentStatus['metering'] | undefined) => (m === undefined ? 0 : m.onTime + m.late + m.failed + m.skipped);
    const slots = over(metering) - over(oldest);
    return {
      meters: metering.meters,
      answering: metering.answering,
      problems: metering.problems,
      readingsPerS: spanS === 0 ? 0 : (metering.readings - (previous?.status.metering.readings ?? 0)) / spanS,
      onTime: slots === 0 ? undefined : (metering.onTime - (oldest?.onTime ?? 0)) / slots,
      reports: reporting && { acknowledged: reporting.acknowledged, waiting: reporting.waiting },
      alarms: [...status.alarms.keys()],
      limited: control && control.byStatus.holding + control.byStatus.restoring,
    };
  }
}

/** The figures on one line, for people. */
export function liveText({ meters, answering, problems, readingsPerS, onTime, reports, limited, alarms }: LiveFigures): string {
  return [
    `${number(answering)} of ${number(meters)} meters answer${problemsText(problems)}`,
    `${number(Math.round(readingsPerS))} readings/s`,
    `${onTime === undefined ? '–' : (onTime * 100).toFixed(1)} % on time`,
    ...(reports === undefined
      ? []
      : [`${number(reports.acknowledged)} reports acknowledged, ${number(reports.waiting)} waiting`]),
    ...(limited === undefined ? [] : [`${number(limited)} sites limited`]),
    ...alarms.map((code) => `ALARM ${code}`),
  ].join(' · ');
}

/** The most frequent reasons: ` (METER_TIMEOUT 12, PROFILE_MISMATCH 1)`. */
function problemsText(problems: LiveFigures['problems']): string {
  const reasons = Object.entries(problems).sort(([, a], [, b]) => b - a);
  if (reasons.length === 0) return '';
  const told = reasons.slice(0, REASONS).map(([code, count]) => `${code} ${number(count)}`);
  return ` (${told.join(', ')}${reasons.length > REASONS ? ', …' : ''})`;
}
