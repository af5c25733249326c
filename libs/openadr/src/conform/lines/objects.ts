import { randomUUID } from 'node:crypto';
import { isDateTime } from '../../wire/validator.js';
import { type Answer, isAbsent, type JsonObject, sameJson } from '../answer.js';
import { each } from '../findings.js';
import type { Kind } from '../kinds.js';
import { BOTH, type Line } from '../line.js';
import { listAll } from '../party.js';
import type { Trial } from '../trial.js';

const ID = /^[a-zA-Z0-9_-]{1,128}$/;
const LONG_AGO = '1999-01-01T00:00:00Z';

async function madeByServer(trial: Trial): Promise<void> {
  await each(await trial.kinds(), async (kind) => {
    const { answer, object } = await trial.one(kind);
    for (const stamp of ['createdDateTime', 'modificationDateTime']) {
      answer.verify(
        typeof object[stamp] === 'string' && isDateTime(object[stamp]),
        `${kind.name}: ${stamp}, an RFC 3339 date-time`,
      );
    }
    answer.verify(object.objectType === kind.objectType, `${kind.name}: objectType ${kind.objectType}`);
  });
}

async function clientMetadataIgnored(trial: Trial): Promise<void> {
  await each(await trial.kinds(), async (kind) => {
    const wrong = kind.objectType === 'EVENT' ? 'PROGRAM' : 'EVENT';
    // In 3.1 the objectType of vens and resources is input.
    const discriminated = !trial.in301 && (kind.name === 'ven' || kind.name === 'resource');
    const id = trial.name();
    const sent = {
      id,
      createdDateTime: LONG_AGO,
      modificationDateTime: LONG_AGO,
      ...(discriminated ? {} : { objectType: wrong }),
    };
    const { answer, object } = await trial.one(kind, sent);
    answer.verify(object.id !== id, `${kind.name}: an id that the server chose`);
    for (const stamp of ['createdDateTime', 'modificationDateTime']) {
      const year = String(object[stamp] ?? '').slice(0, 4);
      answer.verify(year !== '1999', `${kind.name}: ${stamp} set by the server`);
    }
    answer.verify(object.objectType !== wrong, `${kind.name}: objectType set by the server`);
  });
}

async function idsMatch(trial: Trial): Promise<void> {
  await each(await trial.kinds(), async (kind) => {
    const ids = new Set<unknown>();
    for (let i = 0; i < 3; i++) {
      const { answer, object } = await trial.one(kind);
      answer.verify(ID.test(String(object.id)), `${kind.name}: an id of 1 to 128 characters that matches ^[a-zA-Z0-9_-]*$`);
      answer.verify(!ids.has(object.id), `${kind.name}: an id that no other has`);
      ids.add(object.id);
    }
  });
}

async function requiredOrRefused(trial: Trial): Promise<void> {
  await each(await trial.kinds(), async (kind) => {
    await each(kind.required, async (key) => {
      const name = trial.name();
      const { [key]: _, ...rest } = marked(kind, name);
      const answer = await trial.writerOf(kind).post(kind.path, rest);
      answer.expect(400, `${kind.name} without ${key} is refused`);
      const stored = (await listAll(trial.bl, filtered(kind, rest))).some((object) => JSON.stringify(object).includes(name));
      if (stored) trial.doubt(kind.path);
      answer.verify(!stored, `${kind.name} without ${key}: nothing is stored, though it is in the list`);
    });
  });
}

/** A request that is known by `name` even without its first member. */
function marked(kind: Kind, name: string): JsonObject {
  const payloadDescriptors = [{ objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: name }];
  if (kind.name === 'program') return { ...kind.body(name), payloadDescriptors };
  return 'attributes' in kind.optional ? { ...kind.body(name), attributes: [{ type: name, values: [1] }] } : kind.body(name);
}

/** The list of a kind, as far as a refused request lets it be narrowed. */
function filtered(kind: Kind, body: Readonly<Record<string, unknown>>): string {
  const by = ['programID', 'eventID', 'venID'].find((key) => typeof body[key] === 'string');
  const known = kind.name === 'event' || kind.name === 'report' || (kind.name === 'resource' && kind.path === '/resources');
  return by === undefined || !known ? kind.path : `${kind.path}?${by}=${encodeURIComponent(String(body[by]))}`;
}

async function unknownProperties(trial: Trial): Promise<void> {
  await each(await trial.kinds(), async (kind) => {
    const more = { xConformUnknown: { a: [1, null], b: 'text' }, 'x-conform': true };
    const { object, path } = await trial.one(kind, more);
    const answer = await trial.writerOf(kind).put(path, { ...replacement(kind, object, trial.name()), ...more });
    answer.expect(200, `${kind.name} with unknown properties is replaced`);
  });
}

async function nullAccepted(trial: Trial): Promise<void> {
  await each(await trial.kinds(), async (kind) => {
    const nulls = Object.fromEntries(kind.nullable.map((key) => [key, null]));
    const { answer, object } = await trial.one(kind, nulls);
    for (const key of kind.nullable) answer.verify(isAbsent(object[key]), `${kind.name}: ${key} reads back as null or absent`);
  });
}

async function nameLengths(trial: Trial): Promise<void> {
  // An event's name has no bounds.
  await each(
    (await trial.kinds()).filter(({ name }) => name !== 'event'),
    async (kind) => {
      const whole = kind.body(trial.name());
      const long = `${trial.name()}-`.padEnd(128, 'x');
      for (const [name, status] of [
        ['', 400],
        [`${long}x`, 400],
        [long, 201],
      ] as const) {
        const answer = await trial.writerOf(kind).post(kind.path, { ...whole, [kind.nameKey]: name });
        answer.expect(status, `${kind.name} with a ${kind.nameKey} of ${name.length} characters`);
      }
    },
  );
}

/** What gives an object another name and takes its optional members. A ven of 3.1 stays with its client. */
function replacement(kind: Kind, before: JsonObject, name: string): JsonObject {
  const body = kind.body(name);
  return kind.name === 'ven' && 'clientID' in body ? { ...body, clientID: before.clientID } : body;
}

async function putReplaces(trial: Trial): Promise<void> {
  await each(await trial.kinds(), async (kind) => {
    const { object: before, path } = await trial.one(kind, kind.optional);
    const name = trial.name();
    const answer = await trial.writerOf(kind).put(path, replacement(kind, before, name));
    answer.expect(200, `${kind.name} is replaced`);
    const after = answer.object();
    answer.verify(after.id === before.id, `${kind.name}: the id stays ${before.id}`);
    answer.verify(
      after.createdDateTime === before.createdDateTime,
      `${kind.name}: createdDateTime stays ${before.createdDateTime}`,
    );
    const advances = Date.parse(String(after.modificationDateTime)) > Date.parse(String(before.modificationDateTime));
    answer.verify(
      advances || later(after, before),
      `${kind.name}: modificationDateTime later than ${before.modificationDateTime}`,
    );
    answer.verify(after[kind.nameKey] === name, `${kind.name}: ${kind.nameKey} is that of the request, ${name}`);
    for (const key of Object.keys(kind.optional)) {
      answer.verify(isAbsent(after[key]), `${kind.name}: ${key}, which the request lacks, is gone`);
    }
    const read = await trial.writerOf(kind).get(path);
    read
      .expect(200, `${kind.name} is read`)
      .verify(sameJson(read.object(), after), `${kind.name}: what PUT answered: ${JSON.stringify(after)}`);
  });
}

/** Whether it is later within one millisecond, where both are written alike. */
function later(after: Readonly<Record<string, unknown>>, before: Readonly<Record<string, unknown>>): boolean {
  const [a, b] = [String(after.modificationDateTime), String(before.modificationDateTime)];
  return a.length === b.length && a > b;
}

async function deleteAnswers(trial: Trial): Promise<void> {
  await each(await trial.kinds(), async (kind) => {
    const { object, path } = await trial.one(kind);
    const by = trial.writerOf(kind);
    const answer = (await by.delete(path)).expect(200, `${kind.name} is deleted`);
    const same = answer.object().id === object.id && answer.object()[kind.nameKey] === object[kind.nameKey];
    answer.verify(same, `the ${kind.name} that was deleted: ${JSON.stringify(object)}`);
    (await by.delete(path)).expect(404, `${kind.name} is deleted once more`);
    (await by.get(path)).expect(404, `a deleted ${kind.name} is read`);
  });
}

async function unknownIds(trial: Trial): Promise<void> {
  await each(await trial.kinds(), async (kind) => {
    const path = `${kind.path}/${randomUUID()}`;
    const by = trial.writerOf(kind);
    const answers: [string, Answer][] = [
      ['read', await by.get(path)],
      ['replaced', await by.put(path, kind.body(trial.name()))],
      ['deleted', await by.delete(path)],
    ];
    await each(answers, ([what, answer]) => void answer.expect(404, `a ${kind.name} that does not exist is ${what}`));
  });
}

export const objectLines: readonly Line[] = [
  {
    number: 1,
    versions: BOTH,
    title: 'POST returns 201 with server-set id, both timestamps and objectType',
    check: madeByServer,
  },
  { number: 2, versions: BOTH, title: 'client-sent id, timestamps and objectType are ignored', check: clientMetadataIgnored },
  { number: 3, versions: BOTH, title: 'generated ids match the pattern, 1–128 characters', check: idsMatch },
  { number: 4, versions: BOTH, title: 'a missing required property gives 400 and stores nothing', check: requiredOrRefused },
  { number: 5, versions: BOTH, title: 'unknown properties never cause an error', check: unknownProperties },
  { number: 6, versions: BOTH, title: 'optional nullable fields accept explicit null', check: nullAccepted },
  { number: 7, versions: BOTH, title: 'names of 0 or 129 characters give 400', check: nameLengths },
  {
    number: 8,
    versions: BOTH,
    title: 'PUT replaces the object, keeps id and createdDateTime, advances modificationDateTime',
    check: putReplaces,
  },
  { number: 9, versions: BOTH, title: 'DELETE returns 200 and the object; a second DELETE gives 404', check: deleteAnswers },
  { number: 10, versions: BOTH, title: 'unknown id on GET, PUT, DELETE gives 404', check: unknownIds },
];
