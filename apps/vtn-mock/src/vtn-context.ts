import type { LoginAttempts } from '@venfleet/console-api/server';
import type { Clock, Logger } from '@venfleet/core';
import type { Authorizer } from './auth/authorize.js';
import type { ClientRegistry } from './auth/clients.js';
import type { TokenAuthority } from './auth/tokens.js';
import type { FaultRegistry } from './faults/registry.js';
import type { Notifications } from './notify/notifications.js';
import type { Tables } from './objects/tables.js';
import type { Counts } from './ops/counts.js';
import type { Store } from './store/store.js';

/** How the VTN decides where the specification leaves a choice. */
export interface Settings {
  /** Whether clients of the role VEN may make, change and delete ven objects. */
  readonly venSelfRegistration: boolean;
  /** Whether a VEN must name targets to see objects that have targets (3.1 Definition), or sees all it was granted (User Guide). */
  readonly strictTargets: boolean;
  /** Whether `limit=0` is a legal, empty page. */
  readonly limitZero: 'allow' | 'refuse';
  /** URL under which clients reach the VTN, where it is not the one that they ask for. */
  readonly publicUrl: string | undefined;
}

/** What the parts of a running VTN share. */
export interface VtnContext extends Tables {
  readonly settings: Settings;
  readonly store: Store;
  readonly notifications: Notifications;
  readonly clients: ClientRegistry;
  readonly tokens: TokenAuthority;
  /** Failed attempts to have a token. */
  readonly attempts: LoginAttempts;
  readonly authorizer: Authorizer;
  /** What goes wrong on purpose; undefined where nothing may. */
  readonly faults: FaultRegistry | undefined;
  readonly counts: Counts;
  readonly clock: Clock;
  readonly logger: Logger;
}
