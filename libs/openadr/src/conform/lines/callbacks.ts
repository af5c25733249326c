import type { JsonObject } from '../answer.js';
import { Nonconformity, NotCheckable } from '../findings.js';
import { INTERVAL, operations } from '../kinds.js';
import { BOTH, type Line } from '../line.js';
import type { Delivery, Hook } from '../receiver.js';
import type { Trial } from '../trial.js';

/** The notification on an object. */
export const about =
  (id: unknown, operation?: readonly string[]) =>
  ({ body }: Delivery): boolean =>
    (body.object as JsonObject | undefined)?.id === id && (operation === undefined || operation.includes(String(body.operation)));

/** @throws Nonconformity when it does not come in time */
export async function delivered(
  trial: Trial,
  hook: Hook,
  fits: (delivery: Delivery) => boolean,
  what: string,
): Promise<Delivery> {
  const delivery = await trial.delivery(hook, fits);
  if (delivery === undefined)
    throw new Nonconformity({ expected: `${what}, posted to the callback`, seen: summary(hook.deliveries) });
  return delivery;
}

export function summary(deliveries: readonly Delivery[]): string {
  if (deliveries.length === 0) return 'no notification';
  const one = ({ body }: Delivery) => `${body.objectType} ${body.operation} ${(body.object as JsonObject | undefined)?.id}`;
  return `notifications: ${deliveries.map(one).join(', ')}`;
}

async function echoNeeded(trial: Trial): Promise<void> {
  const { id: programID } = await trial.program();
  const good = trial.receiver.hook();
  const body = (hook: Hook) => ({ programID, objectOperations: [operations(hook.url, ['EVENT'], ['CREATE'])] });
  const kept = await trial.subscribe(trial.bl, good, body(good));
  if (good.challenges.length === 0)
    throw new Nonconformity({ expected: `GET ${good.url}?echo=… before the subscription is made`, seen: 'no such request' });
  for (const manner of ['wrong', 'absent'] as const) {
    const hook = trial.receiver.hook(manner);
    const what = `a callback that answers the echo challenge with ${manner === 'wrong' ? 'another value' : '404'}`;
    const clientName = trial.name();
    (await trial.bl.post('/subscriptions', { clientName, ...body(hook) })).expectRefusal(`${what} is not subscribed`);
    const list = (await trial.bl.get(`/subscriptions?clientName=${clientName}`)).expect(200, 'subscriptions are listed');
    const stored = list.list().some((subscription) => subscription.clientName === clientName);
    if (stored) trial.doubt('/subscriptions');
    list.verify(!stored, `${what} is not subscribed, though it is in the list`);
    const put = await trial.bl.put(`/subscriptions/${kept.id}`, { clientName: kept.clientName, ...body(hook) });
    put.expectRefusal(`${what} is put in place of another`);
  }
}

async function httpsNeeded(trial: Trial): Promise<void> {
  const { id: programID } = await trial.program();
  const hook = trial.receiver.hook();
  const url = hook.url.replace(/^https:/, 'http:');
  const answer = await trial.bl.post('/subscriptions', {
    clientName: trial.name(),
    programID,
    objectOperations: [operations(url, ['EVENT'], ['CREATE'])],
  });
  if (answer.status === 201 && !trial.receiver.secure) {
    throw new NotCheckable(
      'the VTN takes http callbacks, as it may in test mode: with an https callback (--callback-url or --callback-cert) this is judged',
    );
  }
  answer.expect(400, `a callback of ${url} is refused`);
}

async function bearerToken(trial: Trial): Promise<void> {
  const { id: programID } = await trial.program();
  const hook = trial.receiver.hook();
  const token = trial.secret();
  await trial.subscribe(trial.bl, hook, { programID, objectOperations: [operations(hook.url, ['EVENT'], ['CREATE'], token)] });
  const event = await trial.event({}, programID);
  const { authorization } = await delivered(trial, hook, about(event.id), 'a notification on a new event');
  if (authorization !== `Bearer ${token}`) {
    const seen =
      authorization === undefined ? 'no such header' : `Authorization: ${authorization.split(' ')[0]} and something else`;
    throw new Nonconformity({ expected: 'Authorization: Bearer and the bearerToken of the subscription', seen });
  }
}

async function onlySubscribed(trial: Trial): Promise<void> {
  const [{ id: programID }, { id: other }] = [await trial.program(), await trial.program()];
  const before = await trial.event({}, programID);
  const hook = trial.receiver.hook();
  await trial.subscribe(trial.bl, hook, { programID, objectOperations: [operations(hook.url, ['EVENT'], ['CREATE'])] });
  const body = { programID, eventName: trial.name(), intervals: [INTERVAL] };
  (await trial.bl.put(`/events/${before.id}`, body)).expect(200, 'an event is updated');
  await trial.event({}, other);
  (await trial.bl.put(`/programs/${programID}`, { programName: trial.name() })).expect(200, 'a program is updated');
  (await trial.bl.delete(`/events/${before.id}`)).expect(200, 'an event is deleted');
  const wanted = await trial.event({}, programID);
  await delivered(trial, hook, about(wanted.id, ['CREATE', 'POST']), 'a notification on the new event');
  await trial.pause();
  const surplus = hook.deliveries.filter((delivery) => !about(wanted.id)(delivery));
  if (surplus.length > 0) {
    throw new Nonconformity({
      expected: `only the creation of event ${wanted.id}, of the program, kind and operation subscribed to`,
      seen: summary(surplus),
    });
  }
}

/** Makes, changes and deletes an event, and wants to be told in these words. */
export async function vocabulary(trial: Trial, [create, update, remove]: readonly [string, string, string]): Promise<void> {
  const { id: programID } = await trial.program();
  const hook = trial.receiver.hook();
  await trial.subscribe(trial.bl, hook, {
    programID,
    objectOperations: [operations(hook.url, ['EVENT'], ['CREATE', 'UPDATE', 'DELETE'])],
  });
  const event = await trial.event({}, programID);
  const path = `/events/${event.id}`;
  await delivered(trial, hook, about(event.id, [create]), `operation ${create} on a new event`);
  const body = { programID, eventName: trial.name(), intervals: [INTERVAL] };
  (await trial.bl.put(path, body)).expect(200, 'an event is updated');
  await delivered(trial, hook, about(event.id, [update]), `operation ${update} on an updated event`);
  (await trial.bl.delete(path)).expect(200, 'an event is deleted');
  await delivered(trial, hook, about(event.id, [remove]), `operation ${remove} on a deleted event`);
  const odd = hook.deliveries.filter(({ body }) => body.objectType !== 'EVENT');
  if (odd.length > 0) throw new Nonconformity({ expected: 'objectType EVENT in each notification', seen: summary(odd) });
}

export const callbackLines: readonly Line[] = [
  { number: 28, versions: BOTH, title: 'a callback failing the echo challenge is not subscribed', check: echoNeeded },
  { number: 29, versions: BOTH, title: 'a non-HTTPS callback gives 400 (unless test mode)', check: httpsNeeded },
  { number: 30, versions: BOTH, title: 'notifications carry the subscription’s bearer token', check: bearerToken },
  { number: 31, versions: BOTH, title: 'only subscribed objects, operations and program are notified', check: onlySubscribed },
];
