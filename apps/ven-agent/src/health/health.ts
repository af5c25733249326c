import type { Duration, Instant } from '@venfleet/core';
import type { Alerts } from '../alerts/alerts.js';
import type { AgentStatus } from '../run/status.js';
import type { DiskSpace, WatchedCertificate } from './surroundings.js';
import type { VenHealth } from './ven-health.js';

/** All that metrics and alerts are made of, at one moment. */
export interface AgentHealth extends AgentStatus {
  readonly at: Instant;
  readonly vens: readonly VenHealth[];
  /** How far this machine's clock is ahead of the VTN's; undefined where that is not known. */
  readonly clockOffset: Duration | undefined;
  readonly disks: readonly DiskSpace[];
  readonly certificates: readonly WatchedCertificate[];
  /** How the agent's own alerts do. */
  readonly alerting: Pick<Alerts, 'instances' | 'webhook'>;
}
