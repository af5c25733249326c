import type { EventForm } from '@venfleet/console-api';

/** The ways in which an event asks for something, as the form offers them. */
export const KINDS = ['shed', 'level', 'setpoint', 'delta', 'limit', 'price', 'alert'] as const;
export type Kind = (typeof KINDS)[number];

/** What the form holds, as it is typed. */
export interface Draft {
  readonly kind: Kind;
  /** One for each kind, so that trying another one loses nothing. */
  readonly values: Readonly<Record<Kind, string>>;
  readonly alertText: string;
  readonly begins: 'now' | 'in' | 'at';
  readonly in: string;
  /** As an input of type datetime-local has it. */
  readonly at: string;
  readonly for: string;
  /** Names; none: all. */
  readonly vens: readonly string[];
  readonly name: string;
  readonly program: string;
  readonly priority: string;
  readonly randomize: string;
  readonly interval: string;
}

const NO_VALUES: Draft['values'] = { shed: '20%', level: '1', setpoint: '', delta: '', limit: '', price: '', alert: 'flex' };

/** A new event as the form first proposes it. */
export function newDraft(vens: readonly string[], program: string): Draft {
  return {
    kind: 'shed',
    values: NO_VALUES,
    alertText: '',
    begins: 'now',
    in: '5m',
    at: '',
    for: '30m',
    vens,
    name: '',
    program,
    priority: '',
    randomize: '',
    interval: '',
  };
}

/** An event that is there, to be changed. */
export function draftOf(form: EventForm): Draft {
  const kind = KINDS.find((one) => form[one] !== undefined) ?? 'shed';
  const [alert = 'flex', ...words] = (form.alert ?? '').split(':');
  const values = { ...NO_VALUES };
  for (const one of KINDS) values[one] = form[one] ?? (one === 'shed' || one === 'level' ? values[one] : '');
  const at = form.at === undefined || form.at === 'now' ? Number.NaN : Date.parse(form.at);
  return {
    ...newDraft(form.ven ?? [], form.program ?? ''),
    kind,
    values: { ...values, alert: alert || 'flex' },
    alertText: words.join(':'),
    begins: Number.isNaN(at) ? 'now' : 'at',
    at: Number.isNaN(at) ? '' : localInput(at),
    for: form.for ?? '',
    name: form.name ?? '',
    priority: form.priority ?? '',
    randomize: form.randomize ?? '',
    interval: form.interval ?? '',
  };
}

/** What is sent: the chosen kind alone, and what is not empty. */
export function formOf(draft: Draft): EventForm {
  const { kind, values, vens, begins } = draft;
  const texts = {
    program: draft.program,
    name: draft.name,
    for: withLength(draft.for),
    interval: withLength(draft.interval),
    randomize: withLength(draft.randomize),
    priority: draft.priority.trim(),
  };
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== '');
  return {
    ...Object.fromEntries(given),
    [kind]: valueText(kind, values[kind], draft.alertText),
    at: begins === 'now' ? 'now' : begins === 'in' ? `+${withLength(draft.in)}` : isoTime(draft.at),
    ...(vens.length === 0 ? {} : { ven: [...vens] }),
  };
}

/** Of a changed event what is to be sent: what differs from before. The rest stays as it is, be it in the form or not. */
export function changesOf(draft: Draft, before: Draft): EventForm {
  const [now, then] = [formOf(draft), formOf(before)];
  const keys = Object.keys(now) as (keyof EventForm)[];
  return Object.fromEntries(keys.filter((key) => String(now[key]) !== String(then[key])).map((key) => [key, now[key]]));
}

/** A bare number gets the unit that the field is about: 20 is 20%, 500 is 500kW. */
function valueText(kind: Kind, value: string, alertText: string): string {
  const text = value.trim().replace('−', '-');
  if (kind === 'alert') return alertText.trim() === '' ? text : `${text}:${alertText.trim()}`;
  const isBare = /^[+-]?\d+(\.\d+)?$/.test(text);
  if (kind === 'shed') return isBare ? `${text}%` : text.replace(/\s+%$/, '%');
  if (kind === 'setpoint' || kind === 'delta' || kind === 'limit') return isBare ? `${text}kW` : text;
  return text;
}

/** A bare number is one of minutes. */
function withLength(value: string): string {
  const text = value.trim();
  return /^\d+(\.\d+)?$/.test(text) ? `${text}m` : text.replace(/\s*min(utes?)?$/, 'm').replace(/\s+(?=[smhd]$)/, '');
}

/** What an input of type datetime-local holds, which is the reader's own time; as it is where it is none. */
function isoTime(local: string): string {
  const time = Date.parse(local);
  return Number.isNaN(time) ? local : new Date(time).toISOString();
}

function localInput(time: number): string {
  const date = new Date(time);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Which input of the form a field of the API's refusal belongs to; undefined for one that it does not show. */
export function inputOf(field: string, draft: Draft): keyof Draft | 'value' | undefined {
  if (field === draft.kind) return 'value';
  if (field === 'at') return draft.begins === 'in' ? 'in' : 'at';
  if (field === 'ven' || field === 'target') return 'vens';
  const own = ['program', 'name', 'for', 'interval', 'randomize', 'priority'] as const;
  return own.find((one) => one === field);
}

const SAID: Readonly<Record<Kind, string>> = {
  shed: 'shed',
  level: 'level',
  setpoint: 'a load of',
  delta: 'a change by',
  limit: 'a limit of',
  price: 'a price of',
  alert: 'alert',
};

/** The event in a sentence, before it is made. @param all how many VENs there are */
export function spoken(draft: Draft, all: number): string {
  const { kind, values, vens, begins } = draft;
  const what = `${SAID[kind]} ${kind === 'alert' ? values.alert : valueText(kind, values[kind], '')}`;
  const whom = vens.length === 0 ? `all ${all} VENs` : vens.length > 3 ? `${vens.length} VENs` : vens.join(', ');
  const when =
    begins === 'now' ? 'from now' : begins === 'in' ? `in ${withLength(draft.in)}` : `at ${draft.at.replace('T', ' ')}`;
  const long = withLength(draft.for);
  return `${what} for ${whom}, ${when}${long === '' ? '' : long === 'forever' ? ', without end' : `, for ${long}`}`;
}
