import type { EventForm } from '@venfleet/console-api';
import { ConsoleProblem } from '@venfleet/console-api/server';
import { type HasNow, isVenfleetError } from '@venfleet/core';
import { InvalidArgumentError, wholeNumber } from '@venfleet/core/node';
import {
  parseAlert,
  parseLength,
  parseLoad,
  parsePower,
  parsePrices,
  parseShare,
  parseStart,
  parseStep,
  parseTarget,
} from '../operator/arguments.js';
import type { WantedEvent } from '../operator/event-desk.js';

type Parsers = { readonly [Field in keyof EventForm]-?: (text: never, clock: HasNow) => unknown };

/** Each field is read by what reads the option of the same name on the command line. */
const PARSERS: Parsers = {
  program: asItIs,
  name: asItIs,
  shed: parseShare,
  level: wholeNumber(0, 3),
  setpoint: parseLoad,
  delta: parsePower,
  limit: parseLoad,
  price: parsePrices,
  currency: asItIs,
  alert: parseAlert,
  for: parseLength,
  at: (text: string, clock: HasNow) => parseStart(() => clock.now())(text),
  interval: parseLength,
  randomize: parseStep,
  priority: wholeNumber(0),
  ven: (names: string[]) => names,
  target: (targets: string[]) => targets.map(parseTarget),
};

function asItIs(text: string): string {
  return text;
}

/**
 * What a form asks for, in the words of the command line. An empty field is one that was left out.
 * @throws ConsoleProblem 400 with what is wrong in each field
 */
export function wantedBy(form: EventForm, clock: HasNow): WantedEvent {
  const wanted: Record<string, unknown> = {};
  const mistakes: Record<string, string> = {};
  for (const [field, value] of Object.entries(form)) {
    if (value === undefined || value.length === 0) continue;
    try {
      wanted[field] = PARSERS[field as keyof EventForm](value as never, clock);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      mistakes[field] = error.message;
    }
  }
  if (Object.keys(mistakes).length > 0) throw refusal(mistakes);
  return wanted as WantedEvent;
}

/** What is wrong only in combination is told of those fields of the form that it names, as the command line calls them. */
export function problemOf(error: unknown, form: EventForm): unknown {
  if (!isVenfleetError(error, 'USAGE')) return error;
  const fields = [...error.message.matchAll(/--([a-z]+)/g)].flatMap(([, name = '']) => (Object.hasOwn(form, name) ? [name] : []));
  const parts = [error.message, error.hint].filter((part) => part !== undefined);
  const text = parts.join('; ').replaceAll(/--([a-z])/g, '$1');
  return new ConsoleProblem(400, text, { fields: Object.fromEntries(fields.map((field) => [field, text])) });
}

function refusal(fields: Readonly<Record<string, string>>): ConsoleProblem {
  const lines = new Set(Object.entries(fields).map(([field, message]) => `${field}: ${message}`));
  return new ConsoleProblem(400, [...lines].join('; '), { fields });
}
