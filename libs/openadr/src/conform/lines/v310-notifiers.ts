import { type JsonObject, sameJson } from '../answer.js';
import { Nonconformity, NotCheckable } from '../findings.js';
import { INTERVAL, operations, reportBody } from '../kinds.js';
import type { Line } from '../line.js';
import type { Trial } from '../trial.js';
import { about, delivered, summary, vocabulary } from './callbacks.js';

async function reportsByProgram(trial: Trial): Promise<void> {
  const [event, other] = [await trial.event(), await trial.event()];
  const report = ({ id }: JsonObject) =>
    trial.make(
      trial.ven,
      '/reports',
      reportBody(trial.version, { programID: '', eventID: String(id) }, trial.name()),
      'a VEN makes a report',
    );
  const wanted = await report(event);
  await report(other);
  const answer = (await trial.ven.get(`/reports?programID=${event.programID}`)).expect(200, 'reports are listed by programID');
  const ids = answer.list().map(({ id }) => id);
  answer.verify(ids.length === 1 && ids[0] === wanted.id, `only the report ${wanted.id} on the event of that program`);
}

async function clientIdAdded(trial: Trial): Promise<void> {
  const event = await trial.event();
  const body = reportBody(trial.version, { programID: String(event.programID), eventID: String(event.id) }, trial.name());
  const report = (await trial.ven.post('/reports', body)).expect(201, 'a VEN makes a report');
  const clientID = report.text('clientID');
  const hook = trial.receiver.hook();
  const objectOperations = [operations(hook.url, ['EVENT'], ['CREATE'])];
  const subscription = await trial.ifCheckable('subscriptions', () =>
    trial.subscribe(trial.ven, hook, { programID: event.programID, objectOperations }),
  );
  if (subscription === undefined) return;
  const read = (await trial.ven.get(`/subscriptions/${subscription.id}`)).expect(200, 'a VEN reads its subscription');
  read.verify(read.text('clientID') === clientID, `clientID, the same as in the client’s report: ${clientID}`);
}

async function webhookTold(trial: Trial): Promise<void> {
  const answer = (await trial.bl.get('/notifiers')).expect(200, 'notifiers are listed');
  answer.verify(answer.object().WEBHOOK === true, 'WEBHOOK: true');
}

/** @throws NotCheckable where the VTN has no MQTT */
async function needMqtt(trial: Trial): Promise<void> {
  const { MQTT } = (await trial.bl.get('/notifiers')).expect(200, 'notifiers are listed').object();
  if (MQTT == null) throw new NotCheckable('the VTN says in /notifiers that it has no MQTT');
}

async function topicsOfOne(trial: Trial): Promise<void> {
  await needMqtt(trial);
  const { id } = await trial.program();
  const answer = (await trial.bl.get(`/notifiers/mqtt/topics/programs/${id}`)).expect(200, 'topics of one program');
  const topics = answer.object().topics as JsonObject | undefined;
  answer.verify(typeof topics?.UPDATE === 'string' && typeof topics?.DELETE === 'string', 'topics with UPDATE and DELETE');
  answer.verify(topics?.CREATE == null, 'no topic for CREATE, as a single object is made only once');
  const all = (await trial.bl.get('/notifiers/mqtt/topics/programs')).expect(200, 'topics of all programs');
  all.verify(typeof (all.object().topics as JsonObject | undefined)?.CREATE === 'string', 'topics with CREATE');
}

async function topicsOfOthers(trial: Trial): Promise<void> {
  await needMqtt(trial);
  const [own, other] = [await trial.ownVen(trial.ven), await trial.blVen()];
  const topics = (ven: JsonObject, more = '') => trial.ven.get(`/notifiers/mqtt/topics/vens/${ven.id}${more}`);
  for (const more of ['', '/events', '/programs', '/resources']) {
    (await topics(own, more)).expect(200, 'a VEN asks for topics of its own ven');
    (await topics(other, more)).expect([403, 404], 'a VEN asks for topics of another ven');
  }
}

async function wordsAndPrivacy(trial: Trial): Promise<void> {
  await vocabulary(trial, ['CREATE', 'UPDATE', 'DELETE']);
  const ven = await trial.ownVen(trial.ven);
  const [held, lacked] = [trial.name(), trial.name()];
  const granted = { objectType: 'BL_VEN_REQUEST', clientID: ven.clientID, venName: ven.venName, targets: [held] };
  (await trial.bl.put(`/vens/${ven.id}`, granted)).expect(200, 'business logic gives a ven a target');
  const { id: programID } = await trial.program();
  const hook = trial.receiver.hook();
  await trial.subscribe(trial.ven, hook, {
    programID,
    objectOperations: [operations(hook.url, ['EVENT'], ['CREATE', 'UPDATE', 'DELETE'])],
  });
  const hidden = await trial.event({ targets: [lacked] }, programID);
  const changed = { programID, eventName: trial.name(), intervals: [INTERVAL], targets: [lacked] };
  (await trial.bl.put(`/events/${hidden.id}`, changed)).expect(200, 'an event is updated');
  (await trial.bl.delete(`/events/${hidden.id}`)).expect(200, 'an event is deleted');
  const shown = await trial.event({ targets: [held, lacked] }, programID);
  const { body } = await delivered(trial, hook, about(shown.id), 'a notification on an event with a target that the VEN holds');
  const { targets } = body.object as JsonObject;
  if (!sameJson(targets, [held])) {
    throw new Nonconformity({
      expected: `of the event’s targets only the one that the VEN holds: ${held}`,
      seen: `targets ${JSON.stringify(targets)}`,
    });
  }
  await trial.pause();
  const secret = hook.deliveries.filter(about(hidden.id));
  if (secret.length > 0)
    throw new Nonconformity({ expected: 'no notification on an event with a target that the VEN lacks', seen: summary(secret) });
}

const versions = ['3.1.0'] as const;

export const notifierLines310: readonly Line[] = [
  { number: 54, versions, title: 'GET /reports?programID works through the event', check: reportsByProgram },
  { number: 55, versions, title: 'created report and subscription carry clientID', check: clientIdAdded },
  { number: 56, versions, title: '/notifiers contains WEBHOOK true', check: webhookTold },
  { number: 57, versions, title: 'topics of a single object lack CREATE', check: topicsOfOne },
  { number: 58, versions, title: 'a VEN asking for another ven’s topics gets 403 or 404', check: topicsOfOthers },
  { number: 59, versions, title: 'notifications use CREATE/UPDATE/DELETE and obey privacy', check: wordsAndPrivacy },
];
