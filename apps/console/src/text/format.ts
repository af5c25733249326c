/** What is not known is told as such, never as 0. */
export const UNKNOWN = '–';

/** A power with three significant digits or so, and the unit that suits it. */
export function power(watts: number | null | undefined): string {
  const { value, unit } = powerParts(watts);
  return unit === '' ? value : `${value} ${unit}`;
}

export interface Parts {
  readonly value: string;
  readonly unit: string;
}

/** The same in two parts, to be set in two sizes. */
export function powerParts(watts: number | null | undefined): Parts {
  return scaled(watts, 'W');
}

export function energy(wattHours: number | null | undefined): string {
  const { value, unit } = scaled(wattHours, 'Wh');
  return unit === '' ? value : `${value} ${unit}`;
}

const SCALES = [
  { from: 1e9, factor: 1e9, prefix: 'G' },
  { from: 1e6, factor: 1e6, prefix: 'M' },
  { from: 1e3, factor: 1e3, prefix: 'k' },
] as const;

function scaled(amount: number | null | undefined, unit: string): Parts {
  if (amount === null || amount === undefined || !Number.isFinite(amount)) return { value: UNKNOWN, unit: '' };
  // 999,960 W are 1.00 MW, not 1,000 kW.
  const rounded = Math.abs(Number(amount.toPrecision(4)));
  const scale = SCALES.find(({ from }) => rounded >= from);
  const value = amount / (scale?.factor ?? 1);
  return { value: signed(value, digitsOf(value)), unit: `${scale?.prefix ?? ''}${unit}` };
}

function digitsOf(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || size >= 100) return 0;
  return size >= 10 ? 1 : 2;
}

/** With a real minus, and no −0. */
function signed(value: number, digits: number): string {
  const text = Math.abs(value).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return value < 0 && Number(text.replaceAll(',', '')) !== 0 ? `−${text}` : text;
}

export function count(n: number): string {
  return n.toLocaleString('en');
}

/** @param noun in the singular */
export function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return UNKNOWN;
  return `${signed(share * 100, Math.abs(share) < 0.1 && share !== 0 ? 1 : 0)} %`;
}

/** How long ago something was, or how long it is until then. */
export function relative(at: number | null | undefined, now: number | undefined): string {
  if (at === null || at === undefined || now === undefined) return UNKNOWN;
  const text = span(Math.abs(now - at));
  if (text === '0 s') return 'now';
  return at > now ? `in ${text}` : `${text} ago`;
}

const UNITS = [
  { ms: 86_400_000, name: 'd' },
  { ms: 3_600_000, name: 'h' },
  { ms: 60_000, name: 'min' },
  { ms: 1000, name: 's' },
] as const;

/** A length of time in its largest unit, and the next where that tells something. */
export function span(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000)) * 1000;
  const first = UNITS.findIndex(({ ms: unit }) => whole >= unit);
  if (first < 0) return '0 s';
  const [major, minor] = [UNITS[first], UNITS[first + 1]] as const;
  if (major === undefined) return '0 s';
  const head = `${Math.floor(whole / major.ms)} ${major.name}`;
  const rest = minor === undefined || major.name === 'min' ? 0 : Math.floor((whole % major.ms) / minor.ms);
  return rest === 0 || minor === undefined ? head : `${head} ${rest} ${minor.name}`;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const CLOCK_SECONDS = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });

/** A time of day, where the reader is. */
export const clock = (at: number): string => CLOCK.format(at);
export const clockSeconds = (at: number): string => CLOCK_SECONDS.format(at);

/** A time of day, with its day where that is not today's. */
export function moment(at: number | null | undefined, now: number | undefined, time = clock): string {
  if (at === null || at === undefined) return UNKNOWN;
  const day = DAY.format(at);
  return now !== undefined && DAY.format(now) === day ? time(at) : `${day}, ${time(at)}`;
}

/** So short a time is told to the second: of a few seconds begin and end would be told alike. */
const SHORT_MS = 60_000;

/** From when to when. */
export function period(startAt: number | null, endAt: number | null, now: number | undefined): string {
  if (startAt === null) return 'when seen';
  if (endAt === null) return `since ${moment(startAt, now)}`;
  if (endAt - startAt < SHORT_MS) return `${moment(startAt, now, clockSeconds)} – ${clockSeconds(endAt)}`;
  if (DAY.format(startAt) === DAY.format(endAt)) return `${moment(startAt, now)} – ${clock(endAt)}`;
  return `${moment(startAt, now)} – ${moment(endAt, now)}`;
}

/** What a program said, as the beginning of a sentence of its own. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}`;
