import type { Schema } from '@venfleet/sqlite';

/**
 * Both tables are STRICT. Power is kW and energy kWh, as nameplates and CSV files say it. Times are
 * milliseconds since 1970 (UTC).
 *
 * connections.managed is 1 while the import may bring a connection up to date. The trigger clears it as
 * soon as anyone else changes the connection, even by plain SQL: a real meter put in the place of a
 * simulated one stays. (The import itself sets 0 with its changes and 1 again after them.)
 */
const VERSION_1 = `
CREATE TABLE connections (
  id INTEGER PRIMARY KEY,
  type TEXT NOT NULL CHECK (type IN ('MODBUSTCP', 'MQTT', 'FILEREADER')),
  actor TEXT NOT NULL CHECK (actor IN ('READER', 'WRITER')),
  profile TEXT NOT NULL CHECK (profile <> ''),
  host TEXT CHECK (host <> ''),
  port INTEGER CHECK (port BETWEEN 1 AND 65535),
  unit_id INTEGER CHECK (unit_id BETWEEN 1 AND 247),
  topic TEXT CHECK (topic <> ''),
  username TEXT,
  secret_ref TEXT CHECK (secret_ref GLOB 'env:?*' OR secret_ref GLOB 'file:?*'),
  file TEXT CHECK (file <> ''),
  managed INTEGER NOT NULL DEFAULT 0 CHECK (managed IN (0, 1)),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  CHECK (CASE type
    WHEN 'MODBUSTCP' THEN host IS NOT NULL AND port IS NOT NULL AND unit_id IS NOT NULL
      AND topic IS NULL AND username IS NULL AND secret_ref IS NULL AND file IS NULL
    WHEN 'MQTT' THEN host IS NOT NULL AND port IS NOT NULL AND topic IS NOT NULL AND unit_id IS NULL AND file IS NULL
    ELSE file IS NOT NULL AND actor = 'READER' AND host IS NULL AND port IS NULL AND unit_id IS NULL
      AND topic IS NULL AND username IS NULL AND secret_ref IS NULL
  END)
) STRICT;

CREATE TRIGGER connections_changed_by_hand
AFTER UPDATE OF type, actor, profile, host, port, unit_id, topic, username, secret_ref, file ON connections
WHEN OLD.managed = 1 AND NEW.managed = 1
BEGIN
  UPDATE connections SET managed = 0 WHERE id = NEW.id;
END;

CREATE TABLE resources (
  id INTEGER PRIMARY KEY,
  resource_id TEXT NOT NULL CHECK (length(resource_id) = 36),
  name TEXT NOT NULL CHECK (name <> ''),
  type TEXT NOT NULL CHECK (type IN ('DSR', 'EV')),
  sub_type TEXT NOT NULL CHECK (sub_type <> ''),
  meter_point_id TEXT NOT NULL CHECK (length(meter_point_id) = 18 AND meter_point_id NOT GLOB '*[^0-9]*'),
  p_min_kw REAL NOT NULL,
  p_max_kw REAL NOT NULL CHECK (p_max_kw >= p_min_kw),
  e_min_kwh REAL NOT NULL,
  e_max_kwh REAL NOT NULL CHECK (e_max_kwh >= e_min_kwh),
  longitude REAL NOT NULL CHECK (longitude BETWEEN -180 AND 180),
  latitude REAL NOT NULL CHECK (latitude BETWEEN -90 AND 90),
  address TEXT NOT NULL,
  ven TEXT NOT NULL CHECK (ven <> ''),
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  read_interval_ms INTEGER NOT NULL DEFAULT 10000 CHECK (read_interval_ms > 0),
  reported INTEGER NOT NULL DEFAULT 1 CHECK (reported IN (0, 1)),
  reader_connection_id INTEGER REFERENCES connections (id),
  writer_connection_id INTEGER REFERENCES connections (id),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX resources_by_resource_id ON resources (resource_id);
CREATE UNIQUE INDEX resources_by_meter_point ON resources (meter_point_id);
CREATE INDEX resources_by_ven ON resources (ven);
CREATE INDEX resources_by_type ON resources (type, sub_type);
CREATE INDEX resources_by_reader ON resources (reader_connection_id);
CREATE INDEX resources_by_writer ON resources (writer_connection_id);
`;

export const RESOURCE_DB_SCHEMA: Schema = {
  what: 'resource database',
  applicationId: 0x76667264, // 'vfrd'
  migrations: [VERSION_1],
};
