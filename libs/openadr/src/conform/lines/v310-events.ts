import { type JsonObject, sameJson } from '../answer.js';
import { HARMLESS, INTERVAL, resourceBody } from '../kinds.js';
import type { Line } from '../line.js';
import { listAll, type Party } from '../party.js';
import type { Trial } from '../trial.js';

/** The event as `party` sees it in lists and by its id; undefined where it sees neither. @throws Nonconformity where these differ */
async function sight(party: Party, event: JsonObject): Promise<JsonObject | undefined> {
  const listed = (await listAll(party, `/events?programID=${event.programID}`)).find(({ id }) => id === event.id);
  const answer = (await party.get(`/events/${event.id}`)).expect([200, 404], 'an event is read by its id');
  const read = answer.status === 200 ? answer.object() : undefined;
  answer.verify(
    (listed === undefined) === (read === undefined),
    `the event ${event.id} ${listed === undefined ? 'invisible' : 'visible'} by its id as it is in the list`,
  );
  return read;
}

/** @throws Nonconformity unless `party` sees the event */
async function sees(party: Party, event: JsonObject, why: string): Promise<JsonObject> {
  const seen = await sight(party, event);
  if (seen !== undefined) return seen;
  (await party.get(`/events/${event.id}`)).expect(200, `the event is visible: ${why}`);
  return {};
}

/** @throws Nonconformity if `party` sees the event */
async function misses(party: Party, event: JsonObject, why: string): Promise<void> {
  if ((await sight(party, event)) !== undefined)
    (await party.get(`/events/${event.id}`)).expect(404, `the event is invisible: ${why}`);
}

async function targetLacked(trial: Trial): Promise<void> {
  await trial.ownVen(trial.ven);
  await misses(trial.ven, await trial.event({ targets: [trial.name()] }), 'it has a target that the VEN lacks');
}

/** Business logic sets a ven's targets. */
async function grant(trial: Trial, ven: JsonObject, targets: readonly string[]): Promise<void> {
  const body = { objectType: 'BL_VEN_REQUEST', clientID: ven.clientID, venName: ven.venName, targets };
  (await trial.bl.put(`/vens/${ven.id}`, body)).expect(200, 'business logic sets the targets of a ven');
}

async function targetGranted(trial: Trial): Promise<void> {
  const ven = await trial.ownVen(trial.ven);
  const [ofVen, ofResource] = [trial.name(), trial.name()];
  const byVen = await trial.event({ targets: [ofVen] });
  const byResource = await trial.event({ targets: [ofResource] }, byVen.programID);
  await misses(trial.ven, byVen, 'it has a target that the VEN lacks');
  await grant(trial, ven, [ofVen]);
  await sees(trial.ven, byVen, 'the ven was granted its target');
  await misses(trial.ven, byResource, 'it has a target that the VEN lacks');
  const body = resourceBody(trial.version, { venID: String(ven.id), venClientID: String(ven.clientID) }, trial.name());
  await trial.make(trial.bl, '/resources', { ...body, targets: [ofResource] }, 'business logic makes a resource with a target');
  await sees(trial.ven, byResource, 'a resource of the ven was granted its target');
}

async function targetsHidden(trial: Trial): Promise<void> {
  const ven = await trial.ownVen(trial.ven);
  const [held, lacked] = [trial.name(), trial.name()];
  await grant(trial, ven, [held]);
  const event = await trial.event({ targets: [held, lacked] });
  const seen = await sees(trial.ven, event, 'the VEN holds one of its targets');
  const answer = await trial.ven.get(`/events/${event.id}`);
  answer.verify(sameJson(seen.targets, [held]), `of the targets only the one that the VEN holds: ${held}`);
}

async function untargetedForAll(trial: Trial): Promise<void> {
  const { ven } = trial;
  const event = await trial.event();
  await sees(ven, event, 'it has no targets');
  if (trial.hasOtherVen) await sees(trial.otherVen, event, 'it has no targets');
}

async function programIdIsEnough(trial: Trial): Promise<void> {
  const { id: programID } = await trial.program();
  await trial.make(trial.bl, '/events', { programID }, 'an event with programID alone is made');
}

async function activeOnly(trial: Trial): Promise<void> {
  const during = (start: string, duration: string) => ({
    intervals: [{ id: 0, intervalPeriod: { start, duration }, payloads: [HARMLESS] }],
  });
  const finished = await trial.event(during('2001-01-01T00:00:00Z', 'PT1H'));
  const { programID } = finished;
  const current = await trial.event(during('2001-01-01T00:00:00Z', 'P200Y'), programID);
  const future = await trial.event({ intervals: [INTERVAL] }, programID);
  const answer = (await trial.bl.get(`/events?programID=${programID}&active=true`)).expect(200, 'events are listed');
  const ids = answer.list().map(({ id }) => id);
  answer.verify(!ids.includes(finished.id), `the finished event ${finished.id} is left out`);
  answer.verify(
    ids.includes(current.id) && ids.includes(future.id),
    `the events under way and to come are in: ${current.id}, ${future.id}`,
  );
  const all = (await trial.bl.get(`/events?programID=${programID}`)).expect(200, 'events are listed');
  all.verify(all.list().length === 3, 'without active all three events');
}

const versions = ['3.1.0'] as const;

export const eventLines310: readonly Line[] = [
  { number: 48, versions, title: 'an event with a target the VEN lacks is invisible, by list and by id', check: targetLacked },
  { number: 49, versions, title: 'granting the target through the ven or a resource reveals it', check: targetGranted },
  { number: 50, versions, title: 'targets the VEN does not hold are hidden from responses', check: targetsHidden },
  { number: 51, versions, title: 'an untargeted event is visible to every VEN', check: untargetedForAll },
  { number: 52, versions, title: 'event with only programID is accepted', check: programIdIsEnough },
  { number: 53, versions, title: 'active=true omits finished events and keeps future ones', check: activeOnly },
];
