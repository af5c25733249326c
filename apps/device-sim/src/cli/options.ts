import { type Instant, instant } from '@venfleet/core';
import { addShardOption, type Command, InvalidArgumentError, wholeNumber } from '@venfleet/core/node';
import type { Selection } from '../fleet/selection.js';
import { toUtc } from '../models/calendar.js';

export const DEFAULT_DB = 'config/resources.db';
export const DEFAULT_PROFILES = 'config/device-profiles';
export const DEFAULT_STATE = '.venfleet/device-sim.db';
export const DEFAULT_OPS_PORT = 8010;
export const DEFAULT_SEED = '1';

/** Which part of the fleet, as {@link Selection}. */
export function addSelection(command: Command): Command {
  command.option('--ven <NAME>', 'one VEN').option('--limit <N>', 'the N biggest VENs', wholeNumber(1));
  return addShardOption(command);
}

export type SelectionOptions = Selection;

/**
 * A moment: ISO 8601 with a zone, or a Danish date and time without one; a date alone is its midnight.
 * @throws InvalidArgumentError
 */
export function parseMoment(text: string): Instant {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  const [, date, time = '00:00', zone] = match ?? [];
  const utc = match === null ? Number.NaN : Date.parse(`${date}T${time}${zone ?? 'Z'}`);
  // Date.parse lets 31 February be 3 March.
  const isReal = new Date(Date.parse(`${date}T00:00Z`) || 0).toISOString().startsWith(date ?? '-');
  if (Number.isNaN(utc) || !isReal)
    throw new InvalidArgumentError('It must be a time such as 2026-01-15T06:00 (Danish time) or 2026-01-15T05:00Z.');
  return instant(zone === undefined ? toUtc(utc) : utc);
}

/** `15m`, `30s`, `1h`, `1d` in ms. @throws InvalidArgumentError */
export function parseSpan(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(number) * ({ s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? ''] ?? Number.NaN);
  if (ms >= 1000 && Number.isFinite(ms)) return ms;
  throw new InvalidArgumentError('It must be a number with its unit, of at least a second: 30s, 15m, 1h, 1d.');
}

/** A number above 0. @throws InvalidArgumentError */
export function parsePositive(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a number above 0.');
}
