import { isAbsent, type JsonObject, sameJson } from '../answer.js';
import { each } from '../findings.js';
import { operations, reportBody, resourceBody, venBody } from '../kinds.js';
import type { Line } from '../line.js';
import { listAll, type Party } from '../party.js';
import type { Trial } from '../trial.js';

async function tokenUrlTold(trial: Trial): Promise<void> {
  const answer = (await trial.nobody.get('/auth/server')).expect(200, 'where tokens are is told without a token');
  answer.verify(URL.canParse(answer.text('tokenURL')), 'tokenURL: a URL');
}

async function objectTypeNeeded(trial: Trial): Promise<void> {
  const { objectType: _, ...body } = venBody(trial.version, trial.name());
  (await trial.bl.post('/vens', body)).expect(400, 'a ven request without objectType');
}

async function venRequest(trial: Trial): Promise<void> {
  // Both are business logic's to write: a VTN refuses them or takes no notice.
  const ven = await trial.ownVen(trial.ven, { clientID: trial.name(), targets: [trial.name()] });
  const answer = (await trial.ven.get(`/vens/${ven.id}`)).expect(200, 'a VEN reads its ven');
  answer.verify(isAbsent(answer.object().targets), 'no targets, as only business logic gives them');
  const clientID = answer.text('clientID');
  // A token's subject need not be the id that the client logs in with, but it is the same for all that it makes.
  const event = await trial.event();
  const body = reportBody(trial.version, { programID: String(event.programID), eventID: String(event.id) }, trial.name());
  const report = (await trial.ven.post('/reports', body)).expect(201, 'a VEN makes a report');
  report.verify(report.object().clientID === clientID, `the clientID of the same client’s ven, ${clientID}`);
}

async function blRequestRefused(trial: Trial): Promise<void> {
  const { ven } = trial;
  const body = venBody(trial.version, trial.name(), trial.name());
  (await ven.post('/vens', body)).expectRefusal('a VEN that sends a BL_VEN_REQUEST is refused');
}

async function clientNeeded(trial: Trial): Promise<void> {
  const { clientID: _, ...body } = venBody(trial.version, trial.name());
  (await trial.bl.post('/vens', body)).expect(400, 'a BL_VEN_REQUEST without clientID');
}

async function putKeepsTargets(trial: Trial): Promise<void> {
  const ven = await trial.ownVen(trial.ven);
  const targets = [trial.name()];
  const path = `/vens/${ven.id}`;
  const granted = { objectType: 'BL_VEN_REQUEST', clientID: ven.clientID, venName: ven.venName, targets };
  (await trial.bl.put(path, granted)).expect(200, 'business logic gives a ven targets');
  const venName = trial.name();
  const request = { objectType: 'VEN_VEN_REQUEST', venName };
  await trial.ven.put(path, { ...request, clientID: trial.name(), targets: [trial.name()] });
  (await trial.ven.put(path, request)).expect(200, 'a VEN changes its ven');
  const answer = (await trial.bl.get(path)).expect(200, 'business logic reads the ven');
  const after = answer.object();
  answer.verify(after.venName === venName, `the new venName ${venName}`);
  answer.verify(sameJson(after.targets, targets), `the targets as they were: ${JSON.stringify(targets)}`);
  answer.verify(after.clientID === ven.clientID, `the clientID as it was: ${ven.clientID}`);
}

/** One object of each kind that a VEN owns, made by `party`; paths of their collections. */
async function belongings(trial: Trial, party: Party): Promise<Map<string, JsonObject>> {
  const made = new Map<string, JsonObject>();
  const ven = await trial.ownVen(party);
  made.set('/vens', ven);
  const resource = { objectType: 'VEN_RESOURCE_REQUEST', venID: ven.id, resourceName: trial.name() };
  made.set('/resources', await trial.make(party, '/resources', resource, 'a VEN makes a resource'));
  const event = await trial.event();
  const report = reportBody(trial.version, { programID: String(event.programID), eventID: String(event.id) }, trial.name());
  made.set('/reports', await trial.make(party, '/reports', report, 'a VEN makes a report'));
  const hook = trial.receiver.hook();
  const objectOperations = [operations(hook.url, ['PROGRAM'], ['UPDATE'])];
  const subscription = await trial.ifCheckable('subscriptions', () =>
    trial.subscribe(party, hook, { programID: event.programID, objectOperations }),
  );
  if (subscription !== undefined) made.set('/subscriptions', subscription);
  return made;
}

async function onlyOwn(trial: Trial): Promise<void> {
  const own = await belongings(trial, trial.ven);
  const foreign = trial.hasOtherVen ? await belongings(trial, trial.otherVen) : await madeByBl(trial);
  await each(foreign, async ([path, object]) => {
    const item = `${path}/${object.id}`;
    const answer = await trial.ven.get(item);
    answer.expect(404, 'another client’s object is read by its id');
    const list = await listAll(trial.ven, path);
    const clients = new Set(list.map(({ clientID }) => clientID));
    const clean = !list.some(({ id }) => id === object.id) && [...clients].every((id) => id === own.get(path)?.clientID);
    answer.verify(
      clean,
      `GET ${path} as the VEN has only objects with the clientID ${own.get(path)?.clientID}; it has ${[...clients].join(', ')}`,
    );
    const mine = own.get(path);
    answer.verify(mine === undefined || list.some(({ id }) => id === mine.id), `GET ${path} as the VEN has its own ${mine?.id}`);
  });
}

/** What stands for a second VEN's objects, as far as business logic can make such. */
async function madeByBl(trial: Trial): Promise<Map<string, JsonObject>> {
  trial.notes.push(
    'reports and subscriptions of another VEN were not looked at, as there is no second VEN client (--ven2-client-id)',
  );
  const ven = await trial.blVen();
  const parents = { venID: String(ven.id), venClientID: String(ven.clientID) };
  const resource = await trial.make(
    trial.bl,
    '/resources',
    resourceBody(trial.version, parents, trial.name()),
    'a resource is made',
  );
  return new Map([
    ['/vens', ven],
    ['/resources', resource],
  ]);
}

/** By which members of its objects a list is narrowed: some VTN has ten thousands of them. */
const FILTERS: Readonly<Record<string, string>> = {
  '/vens': 'venName',
  '/resources': 'venID',
  '/reports': 'eventID',
  '/subscriptions': 'clientName',
};

async function blReadsAll(trial: Trial): Promise<void> {
  await each(await belongings(trial, trial.ven), async ([path, object]) => {
    const answer = (await trial.bl.get(`${path}/${object.id}`)).expect(200, 'business logic reads a VEN’s object');
    const list = `${path}?${FILTERS[path]}=${encodeURIComponent(String(object[FILTERS[path] ?? '']))}`;
    const listed = (await listAll(trial.bl, list)).some(({ id }) => id === object.id);
    answer.verify(listed, `GET ${list} as business logic has ${object.id}`);
  });
}

const versions = ['3.1.0'] as const;

export const venLines310: readonly Line[] = [
  { number: 40, versions, title: '/auth/server answers without a token', check: tokenUrlTold },
  { number: 41, versions, title: 'POST /vens without objectType gives 400', check: objectTypeNeeded },
  { number: 42, versions, title: 'VEN_VEN_REQUEST stores the token’s clientID and no targets', check: venRequest },
  { number: 43, versions, title: 'a VEN sending BL_VEN_REQUEST is refused', check: blRequestRefused },
  { number: 44, versions, title: 'BL_VEN_REQUEST without clientID gives 400', check: clientNeeded },
  { number: 45, versions, title: 'a VEN’s PUT leaves targets and clientID unchanged', check: putKeepsTargets },
  { number: 46, versions, title: 'VEN lists contain only its own vens, resources, reports and subscriptions', check: onlyOwn },
  { number: 47, versions, title: 'BL reads everything', check: blReadsAll },
];
