import { type EventForm, type EventSummary, PATHS } from '@venfleet/console-api';
import { describeError } from '@venfleet/core';
import { isApiError } from '../api/api-error.js';
import type { ApiClient } from '../api/client.js';
import { changesOf, type Draft, formOf, inputOf } from './event-draft.js';

/** What is wrong with the form, by input, and what belongs to none. */
export interface Mistakes {
  readonly inputs: Readonly<Record<string, string>>;
  readonly general: string;
}

export const NO_MISTAKES: Mistakes = { inputs: {}, general: '' };

export interface Sending {
  readonly draft: Draft;
  readonly before: Draft;
  /** Of the event to be changed; undefined for a new one. */
  readonly id?: string;
}

export type Sent =
  | { readonly kind: 'done'; readonly event: EventSummary }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'wrong'; readonly mistakes: Mistakes };

/** Makes or changes an event. @param isDry only asks what would become of it */
export async function sendEvent(
  api: Pick<ApiClient, 'send'>,
  { draft, before, id }: Sending,
  { isDry = false, signal }: { readonly isDry?: boolean; readonly signal?: AbortSignal } = {},
): Promise<Sent> {
  const missing = missingIn(draft);
  if (missing !== undefined) return { kind: 'wrong', mistakes: missing };
  const body: EventForm = id === undefined ? formOf(draft) : changesOf(draft, before);
  if (id !== undefined && Object.keys(body).length === 0) return { kind: 'unchanged' };
  const path = `${id === undefined ? PATHS.events : PATHS.event(id)}${isDry ? '?dryRun=true' : ''}`;
  try {
    return { kind: 'done', event: await api.send<EventSummary>(id === undefined ? 'POST' : 'PATCH', path, body, signal) };
  } catch (error) {
    return { kind: 'wrong', mistakes: mistakesOf(error, draft) };
  }
}

/** What is empty and must not be: no need to ask the server. */
function missingIn({ kind, values, begins, at, in: delay }: Draft): Mistakes | undefined {
  const inputs = {
    ...(values[kind].trim() === '' ? { value: 'Say how much.' } : {}),
    ...(begins === 'at' && at === '' ? { at: 'Say when it begins.' } : {}),
    ...(begins === 'in' && delay.trim() === '' ? { in: 'Say in how long it begins.' } : {}),
  };
  return Object.keys(inputs).length === 0 ? undefined : { inputs, general: 'Something is missing.' };
}

/** Each mistake that the server tells, at the input that it is of; others all together. */
function mistakesOf(error: unknown, draft: Draft): Mistakes {
  const inputs: Record<string, string> = {};
  const others: string[] = [];
  for (const [field, wrong] of Object.entries(isApiError(error) ? error.fields : {})) {
    const input = inputOf(field, draft);
    if (input === undefined) others.push(`${field}: ${wrong}`);
    else inputs[input] = wrong;
  }
  const hasInputs = Object.keys(inputs).length > 0;
  return {
    inputs,
    general: others.length > 0 ? others.join(' ') : hasInputs ? 'Something is not right yet.' : describeError(error),
  };
}
