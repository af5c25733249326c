import { randomUUID } from 'node:crypto';
import type { Answer } from '../answer.js';
import { each } from '../findings.js';
import { reportBody, resourceBody, venBody } from '../kinds.js';
import { BOTH, type Line } from '../line.js';
import type { Trial } from '../trial.js';

async function problemBodies(trial: Trial): Promise<void> {
  const { programName } = await trial.program();
  const answers = [
    await trial.bl.post('/programs', {}),
    await trial.bl.get('/programs?limit=51'),
    await trial.bl.get(`/programs/${randomUUID()}`),
    await trial.bl.post('/programs', { programName }),
    await trial.bl.delete(`/events/${randomUUID()}`),
  ];
  if (trial.bl.clientId !== undefined) answers.push(await trial.nobody.get('/programs'));
  if (trial.hasVen) answers.push(await trial.ven.post('/programs', { programName: trial.name() }));
  await each(answers, (answer) => isProblem(answer.expectRefusal('a request that is wrong or not allowed')));
}

/** OpenADR 3, schema `problem` (RFC 7807). */
function isProblem(answer: Answer): void {
  const problem = answer.object();
  answer.verify(problem.status === answer.status, `a problem whose status is ${answer.status}`);
  for (const key of ['type', 'title', 'detail', 'instance']) {
    answer.verify(problem[key] == null || typeof problem[key] === 'string', `a problem whose ${key}, if there is one, is text`);
  }
}

async function badPaging(trial: Trial): Promise<void> {
  const queries = ['limit=51', 'skip=-1', 'limit=abc'];
  const wrong = (await listsOf(trial)).flatMap((path) => queries.map((query) => `${path}?${query}`));
  await each(wrong, async (list) => {
    (await trial.bl.get(list)).expect(400, 'a list of a page that cannot be');
  });
}

async function listsOf(trial: Trial): Promise<string[]> {
  const resources = trial.in301 ? `/vens/${(await trial.blVen()).id}/resources` : '/resources';
  const subscriptions = (await trial.hasSubscriptions()) ? ['/subscriptions'] : [];
  return ['/programs', '/events', '/reports', '/vens', resources, ...subscriptions];
}

async function pages(trial: Trial): Promise<void> {
  const { id: programID } = await trial.program();
  const ven = await trial.blVen();
  const parents = { venID: String(ven.id), venClientID: String(ven.clientID) };
  const resources = trial.in301 ? `/vens/${ven.id}/resources` : '/resources';
  const [eventIds, resourceIds] = [new Set<unknown>(), new Set<unknown>()];
  for (let i = 0; i < 5; i++) {
    eventIds.add((await trial.event({}, programID)).id);
    resourceIds.add((await trial.make(trial.bl, resources, resourceBody(trial.version, parents, trial.name()))).id);
  }
  await inPages(trial, `/events?programID=${programID}&`, eventIds);
  await inPages(trial, trial.in301 ? `${resources}?` : `${resources}?venID=${ven.id}&`, resourceIds);
}

/** @param list path and query, to be continued */
async function inPages(trial: Trial, list: string, ids: ReadonlySet<unknown>): Promise<void> {
  const seen = new Set<unknown>();
  for (let skip = 0; skip <= ids.size + 1; skip += 2) {
    const answer = (await trial.bl.get(`${list}skip=${skip}&limit=2`)).expect(200, 'a page of a list');
    const objects = answer.list();
    const full = Math.max(0, Math.min(2, ids.size - skip));
    answer.verify(objects.length === full, `${full} of the ${ids.size} objects`);
    for (const { id } of objects) {
      answer.verify(ids.has(id) && !seen.has(id), `objects of this list that no earlier page has: ${[...ids].join(', ')}`);
      seen.add(id);
    }
  }
}

async function filtersIntersect(trial: Trial): Promise<void> {
  const { id: programID } = await trial.program();
  const parents = [await trial.event({}, programID), await trial.event({}, programID)];
  const [x, y] = [trial.name(), trial.name()];
  const report = (event: number, clientName: string) => {
    const body = reportBody(trial.version, { programID: String(programID), eventID: String(parents[event]?.id) }, trial.name());
    return trial.make(trial.ven, '/reports', { ...body, clientName }, 'a VEN makes a report');
  };
  const wanted = await report(0, x);
  await report(0, y);
  await report(1, x);
  const query = `/reports?eventID=${parents[0]?.id}&clientName=${x}`;
  const answer = (await trial.ven.get(query)).expect(200, 'a list with two filters');
  const ids = answer.list().map(({ id }) => id);
  answer.verify(ids.length === 1 && ids[0] === wanted.id, `only the report ${wanted.id}, which fits both filters`);
}

async function programNameTaken(trial: Trial): Promise<void> {
  const [first, second] = [await trial.program(), await trial.program()];
  const clash = { programName: first.programName };
  (await trial.bl.post('/programs', clash)).expect(409, 'a second program of a name is made');
  const path = `/programs/${second.id}`;
  (await trial.bl.put(path, clash)).expect(409, 'a program is given the name of another');
  const read = (await trial.bl.get(path)).expect(200, 'the program is read');
  read.verify(
    read.object().programName === second.programName,
    `the refused change changed nothing: programName ${second.programName}`,
  );
}

async function venNameTaken(trial: Trial): Promise<void> {
  const first = await trial.blVen();
  const again = venBody(trial.version, String(first.venName), trial.name());
  (await trial.bl.post('/vens', again)).expect(409, 'a second ven of a name is made');
}

async function resourceNameTaken(trial: Trial): Promise<void> {
  const vens = [await trial.blVen(), await trial.blVen()];
  const name = trial.name();
  const post = (ven = vens[0]) => {
    const parents = { venID: String(ven?.id), venClientID: String(ven?.clientID) };
    const path = trial.in301 ? `/vens/${ven?.id}/resources` : '/resources';
    return trial.bl.post(path, resourceBody(trial.version, parents, name));
  };
  (await post()).expect(201, 'a resource is made');
  (await post()).expect(409, 'a second resource of a name is made in one ven');
  (await post(vens[1])).expect(201, 'a resource of that name is made in another ven');
}

async function namesShared(trial: Trial): Promise<void> {
  const event = await trial.event();
  const { programID, eventName } = event;
  await trial.make(trial.bl, '/events', { programID, eventName, intervals: event.intervals }, 'a second event of a name is made');
  if (!trial.looksAtReports()) return;
  const body = reportBody(trial.version, { programID: String(programID), eventID: String(event.id) }, trial.name());
  await trial.make(trial.ven, '/reports', body, 'a VEN makes a report');
  const again = { ...body, clientName: trial.name() };
  await trial.make(trial.ven, '/reports', again, 'a second report of a name is made');
}

export const listLines: readonly Line[] = [
  {
    number: 11,
    versions: BOTH,
    title: 'every 4xx/5xx body is a problem whose status equals the HTTP status',
    check: problemBodies,
  },
  { number: 12, versions: BOTH, title: 'limit=51, skip=-1 and limit=abc give 400', check: badPaging },
  { number: 13, versions: BOTH, title: 'skip/limit pages of an unchanged list neither overlap nor miss', check: pages },
  { number: 14, versions: BOTH, title: 'two filters together return the intersection', check: filtersIntersect },
  { number: 15, versions: BOTH, title: 'duplicate programName gives 409 on POST and PUT', check: programNameTaken },
  { number: 16, versions: BOTH, title: 'duplicate venName gives 409', check: venNameTaken },
  { number: 17, versions: BOTH, title: 'resourceName conflicts within one ven only', check: resourceNameTaken },
  { number: 18, versions: BOTH, title: 'two events, or two reports, may share a name', check: namesShared },
];
