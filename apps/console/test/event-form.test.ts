import { describe, expect, test } from '@jest/globals';
import { ApiError } from '../src/api/api-error.js';
import { changesOf, draftOf, formOf, newDraft, spoken } from '../src/events/event-draft.js';
import { sendEvent } from '../src/events/send-event.js';
import { faultOf, NEW_FAULT } from '../src/faults/fault-draft.js';
import { inOrder } from '../src/fleet/event-order.js';
import { event } from './support.js';

const draft = newDraft([], 'venfleet');
const valued = (kind: (typeof draft)['kind'], value: string) =>
  formOf({ ...draft, kind, values: { ...draft.values, [kind]: value } });

describe('the form of an event', () => {
  test('says the chosen thing alone, to all VENs, now', () => {
    expect(formOf(draft)).toEqual({ program: 'venfleet', shed: '20%', for: '30m', at: 'now' });
  });

  test.each([
    ['shed', '30', '30%'],
    ['shed', '30 %', '30%'],
    ['delta', '-200', '-200kW'],
    ['delta', '−1.5MW', '-1.5MW'],
    ['limit', '500', '500kW'],
    ['setpoint', '1 MW', '1 MW'],
    ['price', '0.1,0.3', '0.1,0.3'],
    ['level', '2', '2'],
    ['shed', 'a lot', 'a lot'],
  ] as const)('takes %s %p for %p', (kind, typed, sent) => {
    expect(valued(kind, typed)[kind]).toBe(sent);
  });

  test('takes a bare number for minutes', () => {
    expect(formOf({ ...draft, for: '15', begins: 'in', in: '5 min' })).toMatchObject({ for: '15m', at: '+5m' });
    expect(formOf({ ...draft, for: '2 h' }).for).toBe('2h');
  });

  test("sends a time with its zone, which is the reader's own", () => {
    const local = new Date(2026, 5, 15, 9, 30);
    expect(formOf({ ...draft, begins: 'at', at: '2026-06-15T09:30' }).at).toBe(local.toISOString());
  });

  test('puts what people shall read behind an alert', () => {
    expect(formOf({ ...draft, kind: 'alert', alertText: ' Please save ' }).alert).toBe('flex:Please save');
    expect(formOf({ ...draft, kind: 'alert' }).alert).toBe('flex');
  });

  test('begins, for an event that is there, with what it says', () => {
    const at = new Date(2026, 5, 15, 9, 30).toISOString();
    const form = { program: 'p', name: 'n', limit: '1MW', for: '1h', at, ven: ['Vejle'], priority: '2' };
    expect(formOf(draftOf(form))).toEqual(form);
    expect(formOf(draftOf({ alert: 'fire:Run: now', at: 'now' })).alert).toBe('fire:Run: now');
  });

  test('sends of a changed event only what was changed', () => {
    const before = draftOf({ program: 'p', shed: '20%', for: '30m', at: 'now', ven: ['Vejle'] });
    expect(changesOf(before, before)).toEqual({});
    const after = { ...before, values: { ...before.values, shed: '25' }, for: '1h' };
    expect(changesOf(after, before)).toEqual({ shed: '25%', for: '1h' });
    expect(changesOf({ ...before, kind: 'limit', values: { ...before.values, limit: '1MW' } }, before)).toEqual({ limit: '1MW' });
  });
});

describe('the sentence of an event', () => {
  test('says what, for whom and when', () => {
    expect(spoken({ ...draft, values: { ...draft.values, shed: '40' } }, 158)).toBe(
      'shed 40% for all 158 VENs, from now, for 30m',
    );
    const later = {
      ...draft,
      kind: 'limit',
      values: { ...draft.values, limit: '1MW' },
      vens: ['Vejle', 'Odense'],
      begins: 'in',
    } as const;
    expect(spoken({ ...later, for: 'forever' }, 158)).toBe('a limit of 1MW for Vejle, Odense, in 5m, without end');
    const many = { ...draft, vens: ['a', 'b', 'c', 'd'], begins: 'at', at: '2026-06-15T09:30', for: '' } as const;
    expect(spoken(many, 158)).toBe('shed 20% for 4 VENs, at 2026-06-15 09:30');
  });
});

describe('sending it', () => {
  function api(answer: () => unknown) {
    const sent: unknown[][] = [];
    return {
      sent,
      send: async <T>(...args: unknown[]): Promise<T> => {
        sent.push(args.slice(0, 3));
        return answer() as T;
      },
    };
  }

  test('makes a new one, or changes one, or only asks', async () => {
    const made = api(() => event('e1'));
    await expect(sendEvent(made, { draft, before: draft })).resolves.toMatchObject({ kind: 'done' });
    await sendEvent(made, { draft: { ...draft, for: '1h' }, before: draft, id: 'e 1' });
    await sendEvent(made, { draft, before: draft }, { isDry: true });
    expect(made.sent.map(([method, path]) => [method, path])).toEqual([
      ['POST', '/console/api/events'],
      ['PATCH', '/console/api/events/e%201'],
      ['POST', '/console/api/events?dryRun=true'],
    ]);
    expect(made.sent[1]?.[2]).toEqual({ for: '1h' });
  });

  test('asks nobody where nothing was changed', async () => {
    const untouched = api(() => event('e1'));
    await expect(sendEvent(untouched, { draft, before: draft, id: 'e1' })).resolves.toEqual({ kind: 'unchanged' });
    expect(untouched.sent).toEqual([]);
  });

  test('says at each input what is wrong with it', async () => {
    const refused = api(() => {
      throw new ApiError('API_REFUSED', 'bad', { fields: { shed: 'too much', for: 'too long', at: 'past', currency: 'odd' } });
    });
    const sent = await sendEvent(refused, { draft: { ...draft, begins: 'in' }, before: draft });
    expect(sent).toEqual({
      kind: 'wrong',
      mistakes: { inputs: { value: 'too much', for: 'too long', in: 'past' }, general: 'currency: odd' },
    });
  });

  test('says what is missing without asking, and what failed where it is of no input', async () => {
    const down = api(() => {
      throw new ApiError('API_UNREACHABLE', 'the server cannot be reached');
    });
    const empty = { ...draft, kind: 'limit', begins: 'at' } as const;
    await expect(sendEvent(down, { draft: empty, before: draft })).resolves.toMatchObject({
      mistakes: { inputs: { value: expect.any(String), at: expect.any(String) } },
    });
    expect(down.sent).toEqual([]);
    await expect(sendEvent(down, { draft, before: draft })).resolves.toMatchObject({
      mistakes: { inputs: {}, general: 'the server cannot be reached' },
    });
  });
});

test('events are told in order: what is on and changes load, other things that are on, what comes, what was', () => {
  const events = [
    event('old', { state: 'completed', startAt: 1 }),
    event('older', { state: 'cancelled', startAt: 0 }),
    event('later', { state: 'pending', startAt: 90 }),
    event('soon', { state: 'pending', startAt: 80 }),
    event('asks', { changesLoad: false, startAt: 50 }),
    event('on', { startAt: 40 }),
  ];
  expect(inOrder(events).map(({ id }) => id)).toEqual(['on', 'asks', 'soon', 'later', 'old', 'older']);
});

test('a fault is what is not empty, numbers as numbers', () => {
  expect(faultOf({ ...NEW_FAULT, kind: 'offline' })).toEqual({ kind: 'offline' });
  expect(faultOf({ kind: 'delay', city: 'Vejle', device: ' ', percent: '20', durationS: 'long' })).toEqual({
    kind: 'delay',
    city: 'Vejle',
    percent: 20,
    durationS: 'long',
  });
});
