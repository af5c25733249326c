import type { JsonObject } from '../answer.js';
import { FAR_AWAY, HARMLESS, INTERVAL, operations, reportBody } from '../kinds.js';
import type { Line } from '../line.js';
import type { Trial } from '../trial.js';
import { vocabulary } from './callbacks.js';

async function pathsOf301(trial: Trial): Promise<void> {
  const ven = await trial.blVen();
  (await trial.bl.get(`/vens/${ven.id}/resources`)).expect(200, 'the resources of a ven are listed').list();
  for (const path of ['/resources', '/auth/server', '/notifiers']) {
    (await trial.bl.get(path)).expect(404, `${path} is not of this version`);
  }
}

async function intervalsNeeded(trial: Trial): Promise<void> {
  const { id: programID } = await trial.program();
  (await trial.bl.post('/events', { programID, eventName: trial.name() })).expect(400, 'an event without intervals');
}

async function startNeeded(trial: Trial): Promise<void> {
  const { id: programID } = await trial.program();
  const { duration } = FAR_AWAY;
  const eventName = trial.name();
  const ofInterval = { programID, eventName, intervals: [{ ...INTERVAL, intervalPeriod: { duration } }] };
  (await trial.bl.post('/events', ofInterval)).expect(400, 'an interval whose intervalPeriod has no start');
  const ofEvent = { programID, eventName, intervalPeriod: { duration }, intervals: [{ id: 0, payloads: [HARMLESS] }] };
  (await trial.bl.post('/events', ofEvent)).expect(400, 'an event whose intervalPeriod has no start');
}

async function reportNeedsProgram(trial: Trial): Promise<void> {
  const { ven } = trial;
  const event = await trial.event();
  const whole = reportBody(trial.version, { programID: String(event.programID), eventID: String(event.id) }, trial.name());
  const { programID: _, ...body } = whole;
  (await ven.post('/reports', body)).expect(400, 'a report without programID');
}

async function subscriptionNeedsProgram(trial: Trial): Promise<void> {
  const hook = trial.receiver.hook();
  const body = { clientName: trial.name(), objectOperations: [operations(hook.url, ['EVENT'], ['CREATE'])] };
  const answer = (await trial.bl.post('/subscriptions', body)).expect(400, 'a subscription without programID');
  // The same with a programID must be another matter, where the callback is one that the VTN takes.
  const { id: programID } = await trial.program();
  const whole = await trial.bl.post('/subscriptions', { ...body, programID });
  if (whole.status !== 201)
    trial.notes.push(`with a programID it is refused, too (${whole.status}), so that this proves little: ${answer.seen}`);
}

async function typedTargets(trial: Trial): Promise<void> {
  const target = (value: string): JsonObject => ({ targets: [{ type: 'GROUP', values: [value] }] });
  const [one, two] = [trial.name(), trial.name()];
  const [first, second] = [await trial.program(target(one)), await trial.program(target(two))];
  await trial.program();
  const both = `targetType=GROUP&targetValues=${one}&targetValues=${two}`;
  const list = (await trial.bl.get(`/programs?${both}`)).expect(200, 'programs are listed by two values of a target type');
  const ids = list.list().map(({ id }) => id);
  const found = ids.length === 2 && ids.includes(first.id) && ids.includes(second.id);
  list.verify(found, `the two programs that have one of the values: ${first.id}, ${second.id}`);
  for (const query of ['targetType=GROUP', `targetValues=${one}`]) {
    (await trial.bl.get(`/programs?${query}`)).expect(400, 'one of targetType and targetValues without the other');
  }
}

async function venHasResources(trial: Trial): Promise<void> {
  const ven = await trial.blVen();
  const resourceName = trial.name();
  const resource = await trial.make(trial.bl, `/vens/${ven.id}/resources`, { resourceName }, 'a resource is made');
  const answer = (await trial.bl.get(`/vens/${ven.id}`)).expect(200, 'a ven is read');
  const { resources } = answer.object();
  const has =
    Array.isArray(resources) && resources.some((r: JsonObject) => r.id === resource.id && r.resourceName === resourceName);
  answer.verify(has, `resources, with ${resourceName} among them`);
}

const versions = ['3.0.1'] as const;

export const lines301: readonly Line[] = [
  {
    number: 32,
    versions,
    title: '/vens/{venID}/resources exists; /resources, /auth/server and /notifiers do not',
    check: pathsOf301,
  },
  { number: 33, versions, title: 'event without intervals gives 400', check: intervalsNeeded },
  { number: 34, versions, title: 'intervalPeriod without start gives 400', check: startNeeded },
  { number: 35, versions, title: 'report without programID gives 400', check: reportNeedsProgram },
  { number: 36, versions, title: 'subscription without programID gives 400', check: subscriptionNeedsProgram },
  { number: 37, versions, title: 'targetType with targetValues filters by any value; one alone gives 400', check: typedTargets },
  {
    number: 38,
    versions,
    title: 'notifications use GET/POST/PUT/DELETE',
    check: (trial) => vocabulary(trial, ['POST', 'PUT', 'DELETE']),
  },
  { number: 39, versions, title: 'GET ven includes its resources', check: venHasResources },
];
