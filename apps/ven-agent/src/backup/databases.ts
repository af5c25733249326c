import type { HasNow } from '@venfleet/core';
import { RESOURCE_DB_SCHEMA } from '@venfleet/resource-db';
import type { BackupSet } from '@venfleet/sqlite';
import type { DatabasePaths } from '../config.js';
import { DECISIONS_SCHEMA } from '../dispatch/decision-log.js';
import { EVENTS_SCHEMA } from '../events/store-schema.js';
import { SPOOL_SCHEMA } from '../readings/influx/spool.js';
import { READINGS_SCHEMA } from '../readings/readings-file.js';
import { REGISTRY_SCHEMA } from '../registration/registry.js';
import { noteRestored, OUTBOX_SCHEMA } from '../reporting/outbox-schema.js';

/**
 * All databases of an agent. While they are copied the agent goes on, so each copy is a little later than the one before
 * it. The order makes that harmless: the outbox before the events and readings that its open reports are made of, and
 * what has resources' numbers in it before the resources.
 */
export function agentDatabases(paths: DatabasePaths, clock: HasNow): BackupSet {
  return {
    program: 'ven-agent',
    anchor: paths.state,
    members: [
      { name: 'ven-agent.db', path: paths.state, schema: REGISTRY_SCHEMA },
      {
        name: 'outbox.db',
        path: paths.outbox,
        schema: OUTBOX_SCHEMA,
        onRestore: (db) => noteRestored(db, clock.now()),
      },
      { name: 'events.db', path: paths.events, schema: EVENTS_SCHEMA },
      { name: 'decisions.db', path: paths.decisions, schema: DECISIONS_SCHEMA },
      { name: 'readings.db', path: paths.readings, schema: READINGS_SCHEMA },
      { name: 'readings-copy.db', path: paths.copySpool, schema: SPOOL_SCHEMA },
      { name: 'resources.db', path: paths.db, schema: RESOURCE_DB_SCHEMA },
    ],
  };
}
