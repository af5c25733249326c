import { VenfleetError } from '@venfleet/core';
import { SECRET_REF_PATTERN } from '@venfleet/core/node';
import { isValidGsrn } from './gsrn.js';
import type { NewConnection, NewResource } from './model.js';

/** What is wrong with one value; `field` is named as in CSV files and SQL. */
export interface Mistake {
  readonly field: string;
  readonly reason: string;
}

/** A VEN's name becomes its venName: 1…128 characters (OpenADR 3, schema ven). */
const LONGEST_VEN_NAME = 128;
const LONGEST_NAME = 256;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** Everything that the rules of the resource table find wrong with `resource`. */
export function resourceMistakes(resource: NewResource): Mistake[] {
  const found: Mistake[] = [];
  const rule = (holds: boolean, field: string, reason: string) => {
    if (!holds) found.push({ field, reason });
  };
  const { position } = resource;
  rule(UUID.test(resource.resourceId), 'resource_id', 'must be a UUID in lower case');
  nameRules(rule, 'name', resource.name, LONGEST_NAME);
  nameRules(rule, 'ven', resource.ven, LONGEST_VEN_NAME);
  nameRules(rule, 'sub_type', resource.subType, LONGEST_VEN_NAME);
  rule(isValidGsrn(resource.meterPointId), 'meter_point_id', 'must be a GSRN: 18 digits, the last one a right check digit');
  rule(resource.pMin <= resource.pMax, 'p_min_kw', 'must not be greater than p_max_kw');
  rule(resource.pMax >= 0, 'p_max_kw', 'must not be negative');
  rule(resource.eMin <= resource.eMax, 'e_min_kwh', 'must not be greater than e_max_kwh');
  rule(resource.eMin >= 0, 'e_min_kwh', 'must not be negative');
  rule(Math.abs(position.longitude) <= 180, 'longitude', 'must be within -180…180');
  rule(Math.abs(position.latitude) <= 90, 'latitude', 'must be within -90…90');
  rule(
    Number.isInteger(resource.readInterval) && resource.readInterval > 0,
    'read_interval_ms',
    'must be a whole number above 0',
  );
  return found;
}

function nameRules(rule: (holds: boolean, field: string, reason: string) => void, field: string, text: string, longest: number) {
  rule(text.trim() !== '', field, 'must not be empty');
  rule(text.length <= longest, field, `must not be longer than ${longest} characters`);
  rule(!CONTROL_CHARACTER.test(text), field, 'must not contain control characters');
}

/** Everything that is wrong with a connection's settings. */
export function connectionMistakes(connection: NewConnection): Mistake[] {
  const found: Mistake[] = [];
  const rule = (holds: boolean, field: string, reason: string) => {
    if (!holds) found.push({ field, reason });
  };
  const whole = (value: number, max: number) => Number.isInteger(value) && value >= 1 && value <= max;
  rule(connection.profile !== '', 'profile', 'must not be empty');
  if (connection.type === 'FILEREADER') {
    rule(connection.file !== '', 'file', 'must not be empty');
    rule(connection.actor === 'READER', 'actor', 'must be READER: a file cannot be written to');
    return found;
  }
  rule(connection.host !== '', 'host', 'must not be empty');
  rule(whole(connection.port, 65_535), 'port', 'must be a whole number from 1 to 65535');
  if (connection.type === 'MODBUSTCP') {
    rule(whole(connection.unitId, 247), 'unit_id', 'must be a whole number from 1 to 247');
    return found;
  }
  rule(connection.topic !== '', 'topic', 'must not be empty');
  rule(!/[#+\0]/.test(connection.topic), 'topic', 'must not contain wildcards');
  rule(
    connection.secretRef === null || SECRET_REF_PATTERN.test(connection.secretRef),
    'secret_ref',
    'must be env:NAME or file:PATH, never the secret itself',
  );
  return found;
}

/** @throws VenfleetError `code`, with one detail line a mistake, when there is any. */
export function refuseMistakes(code: string, what: string, mistakes: readonly Mistake[]): void {
  if (mistakes.length === 0) return;
  const details = mistakes.map(({ field, reason }) => `${field}: ${reason}`);
  throw new VenfleetError(code, `${what} is refused`, { details });
}

/** A user's value within a message: shortened, control characters escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
