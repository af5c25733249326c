import type { ControlStats } from '../control/control.js';
import type { EventStats } from '../events/fleet-events.js';
import type { MeteringStats } from '../metering/metering.js';
import type { AlarmCode } from '../readings/alarms.js';
import type { Readings } from '../readings/readings.js';

/** How the parts of a running agent do. */
export interface AgentStatus {
  readonly metering: MeteringStats;
  /** Resources that have no usable meter connection. */
  readonly unmetered: number;
  readonly readings: ReturnType<Readings['status']>;
  /** Undefined for an agent that does not report. */
  readonly reporting:
    | { readonly acknowledged: number; readonly waiting: number; readonly problem: string | undefined }
    | undefined;
  /** Undefined for an agent that has nothing to do with a VTN. */
  readonly events: EventStats | undefined;
  /** Undefined for an agent that controls nothing. */
  readonly control: ControlStats | undefined;
  readonly alarms: ReadonlyMap<AlarmCode, string>;
}

/** What keeps an agent from its work; empty while it is ready. Meters that are dead do not: the others are read. */
export function notReady({ metering, reporting, alarms }: AgentStatus): string[] {
  return [
    ...[...alarms].map(([code, detail]) => `${code}: ${detail}`),
    ...(reporting?.problem === undefined ? [] : [`no reporting: ${reporting.problem}`]),
    ...(metering.meters > 0 && metering.answering === 0 ? ['no meter has answered yet'] : []),
  ];
}
