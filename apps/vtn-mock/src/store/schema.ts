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

/**
 * `content` and `content301` are what each version says of an event, but for its program and its targets.
 * `rank` is its priority, infinite when it has none; `ends` is when it is over, null for never. A report's
 * `needs_start` tells that a period of it has no start, which 3.0.1 wants.
 */
const EVENTS_AND_REPORTS = `
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  program INTEGER NOT NULL REFERENCES programs (seq),
  rank REAL NOT NULL,
  ends INTEGER,
  content TEXT NOT NULL,
  content301 TEXT NOT NULL,
  duration TEXT,
  targets TEXT,
  targets301 TEXT,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL
) STRICT;
CREATE INDEX events_order ON events (rank, seq DESC);
CREATE INDEX events_program ON events (program, rank, seq DESC);

CREATE TABLE reports (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  event INTEGER NOT NULL REFERENCES events (seq),
  client_name TEXT NOT NULL,
  client_id TEXT NOT NULL,
  content TEXT NOT NULL,
  needs_start INTEGER NOT NULL,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL
) STRICT;
CREATE INDEX reports_event ON reports (event);
CREATE INDEX reports_client_name ON reports (client_name);
CREATE INDEX reports_client_id ON reports (client_id);
`;

/**
 * `version` is the one over which a subscription was made, whose words its notifications have; `role` is its client's.
 * `subscribed` has what it asks for, one row for each kind of object, operation and callback. `deliveries` is the queue of
 * what is to be posted: all that a delivery needs, as its subscription may be gone by then. A message's text is shared.
 */
const SUBSCRIPTIONS = `
CREATE TABLE subscriptions (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  version TEXT NOT NULL,
  program INTEGER REFERENCES programs (seq) ON DELETE CASCADE,
  client_name TEXT NOT NULL,
  client_id TEXT NOT NULL,
  role TEXT NOT NULL,
  operations TEXT NOT NULL,
  targets TEXT,
  targets301 TEXT,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL
) STRICT;
CREATE INDEX subscriptions_client ON subscriptions (client_id);
CREATE INDEX subscriptions_program ON subscriptions (program);

CREATE TABLE subscribed (
  object_type TEXT NOT NULL,
  operation TEXT NOT NULL,
  subscription INTEGER NOT NULL REFERENCES subscriptions (seq) ON DELETE CASCADE,
  url TEXT NOT NULL,
  token TEXT,
  PRIMARY KEY (object_type, operation, subscription, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscribed_subscription ON subscribed (subscription);
CREATE INDEX subscribed_url ON subscribed (url);

CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  object_id TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY,
  message INTEGER NOT NULL REFERENCES messages (seq),
  subscription INTEGER NOT NULL,
  url TEXT NOT NULL,
  token TEXT
) STRICT;
CREATE INDEX deliveries_url ON deliveries (url, seq);
CREATE INDEX deliveries_message ON deliveries (message);
CREATE INDEX deliveries_subscription ON deliveries (subscription);
`;

/**
 * A name is unique within its ven, in this order: a ven's names lie together then, while those of all vens, which are
 * random where a name is a UUID, would make each new resource write a page of its own.
 */
const NAMES_BY_VEN = `
CREATE TABLE resources_anew (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  ven INTEGER NOT NULL REFERENCES vens (seq),
  name TEXT NOT NULL,
  attributes TEXT,
  targets TEXT,
  targets301 TEXT,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  UNIQUE (ven, name)
) STRICT;
INSERT INTO resources_anew (seq, id, ven, name, attributes, targets, targets301, created, modified)
  SELECT seq, id, ven, name, attributes, targets, targets301, created, modified FROM resources;
DROP TABLE resources;
ALTER TABLE resources_anew RENAME TO resources;
CREATE INDEX resources_ven ON resources (ven);
CREATE INDEX resources_targeted ON resources (ven) WHERE targets IS NOT NULL;
`;

/** Tables of objects; each has the columns seq, id, created and modified. */
export const TABLES = ['programs', 'vens', 'resources', 'events', 'reports', 'subscriptions'] as const;

export const STORE_SCHEMA: Schema = {
  what: 'VTN data file',
  /** "vfVT" */
  applicationId: 0x76665654,
  migrations: [OBJECTS, EVENTS_AND_REPORTS, SUBSCRIPTIONS, NAMES_BY_VEN],
};
