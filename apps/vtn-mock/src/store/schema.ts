import type { Schema } from '@venfleet/sqlite';

/**
 * One store for both wire versions. `seq` is the order of creation: lists go newest first by it.
 * Times are epoch milliseconds; `attributes` and the targets are JSON texts that are sent as they are.
 * Targets are kept in both spellings, a list of strings (3.1) and a valuesMap list (3.0.1).
 * A ven's client_id 'anonymous' stands for callers without a token, who may have many vens.
 */
const OBJECTS = `
CREATE TABLE programs (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  content TEXT NOT NULL,
  attributes TEXT,
  targets TEXT,
  targets301 TEXT,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL
) STRICT;

CREATE TABLE vens (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  client_id TEXT NOT NULL,
  attributes TEXT,
  targets TEXT,
  targets301 TEXT,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX vens_client ON vens (client_id) WHERE client_id <> 'anonymous';

CREATE TABLE resources (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  ven INTEGER NOT NULL REFERENCES vens (seq),
  name TEXT NOT NULL,
  attributes TEXT,
  targets TEXT,
  targets301 TEXT,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  UNIQUE (name, ven)
) STRICT;
CREATE INDEX resources_ven ON resources (ven);
CREATE INDEX resources_targeted ON resources (ven) WHERE targets IS NOT NULL;
`;

/** Tables of objects; each has the columns seq, id, created and modified. */
export const TABLES = ['programs', 'vens', 'resources'] as const;

export const STORE_SCHEMA: Schema = {
  what: 'VTN data file',
  /** "vfVT" */
  applicationId: 0x76665654,
  migrations: [OBJECTS],
};
