import type { Answer } from '../answer.js';
import { each, NotCheckable } from '../findings.js';
import { reportBody } from '../kinds.js';
import { BOTH, type Line } from '../line.js';
import type { Trial } from '../trial.js';

async function tokenNeeded(trial: Trial): Promise<void> {
  const reader = await trial.reader();
  const program = await trial.program();
  const paths = ['/programs', '/events', '/reports', '/vens', `/programs/${program.id}`];
  for (const path of paths) (await trial.nobody.get(path)).expect(401, 'read without a token');
  (await trial.nobody.post('/programs', { programName: trial.name() })).expect(401, 'write without a token');
  (await trial.nobody.delete(`/programs/${program.id}`)).expect(401, 'delete without a token');
  if (reader === undefined && !trial.hasVen) {
    trial.notes.push(
      'a missing scope was not tried: the VTN issues no token for fewer scopes, and there is no VEN client (--ven-client-id)',
    );
    return;
  }
  const answer = await (reader ?? trial.ven).post('/programs', { programName: trial.name() });
  answer.expect(403, 'a program is written with a token that lacks write_programs');
}

async function venMayNot(trial: Trial): Promise<void> {
  const { ven } = trial;
  const event = await trial.event();
  const { programID, intervals } = event;
  const answers = [
    await ven.post('/programs', { programName: trial.name() }),
    await ven.put(`/programs/${programID}`, { programName: trial.name() }),
    await ven.delete(`/programs/${programID}`),
    await ven.post('/events', { programID, intervals }),
    await ven.put(`/events/${event.id}`, { programID, intervals }),
    await ven.delete(`/events/${event.id}`),
  ];
  await each(answers, (answer) => void answer.expect(403, 'a VEN writes programs or events'));
}

async function blMayNot(trial: Trial): Promise<void> {
  // With no credentials nobody has a role.
  void trial.tokens;
  const event = await trial.event();
  const body = reportBody(trial.version, { programID: String(event.programID), eventID: String(event.id) }, trial.name());
  (await trial.bl.post('/reports', body)).expect(403, 'business logic writes a report');
}

async function bothWays(trial: Trial): Promise<void> {
  for (const answer of [await trial.tokens.byForm(), await trial.tokens.byBasic()]) issued(answer);
}

function issued(answer: Answer): Answer {
  answer.expect(200, 'a token is issued').text('access_token');
  return answer;
}

async function wrongSecret(trial: Trial): Promise<void> {
  const { tokens } = trial;
  const wrong = { ...tokens.client, clientSecret: `not-${trial.name()}` };
  for (const answer of [await tokens.byForm({}, wrong), await tokens.byBasic(wrong)]) {
    // 3.0.1 has 400 and 403 here, 3.1 has 400 and 401.
    answer.expect([400, 401, 403], 'a wrong secret is refused');
    answer.verify(answer.object().error === 'invalid_client', 'error: invalid_client (RFC 6749 section 5.2)');
  }
}

async function otherGrants(trial: Trial): Promise<void> {
  for (const grant of ['password', 'authorization_code', 'conform']) {
    const answer = (await trial.tokens.byForm({ grant_type: grant })).expect(400, `grant_type=${grant}`);
    answer.verify(answer.object().error === 'unsupported_grant_type', 'error: unsupported_grant_type (RFC 6749 section 5.2)');
  }
}

async function usableReply(trial: Trial): Promise<void> {
  const answer = issued(await trial.tokens.byForm());
  const { token_type: type, expires_in: lifetime } = answer.object();
  answer.verify(type === 'Bearer', 'token_type: Bearer');
  answer.verify(typeof lifetime === 'number' && lifetime > 0, 'expires_in: a number of seconds above 0');
}

/** @throws NotCheckable where tokens are issued elsewhere (3.1: optional, may be 501) */
const atTokenEndpoint =
  (check: (trial: Trial) => Promise<void>) =>
  async (trial: Trial): Promise<void> => {
    const answer = await trial.tokens.byForm();
    if (answer.status === 501) throw new NotCheckable('the VTN issues no tokens itself (501)');
    await check(trial);
  };

export const authLines: readonly Line[] = [
  { number: 19, versions: BOTH, title: 'no token gives 401; missing scope gives 403', check: tokenNeeded },
  { number: 20, versions: BOTH, title: 'a VEN token cannot write programs or events (403)', check: venMayNot },
  { number: 21, versions: BOTH, title: 'a BL token cannot write reports (403)', check: blMayNot },
  {
    number: 22,
    versions: BOTH,
    title: 'the token endpoint accepts form credentials and HTTP Basic',
    check: atTokenEndpoint(bothWays),
  },
  { number: 23, versions: BOTH, title: 'a wrong secret is refused with invalid_client', check: atTokenEndpoint(wrongSecret) },
  { number: 24, versions: BOTH, title: 'other grant types give 400 unsupported_grant_type', check: atTokenEndpoint(otherGrants) },
  {
    number: 25,
    versions: BOTH,
    title: 'the token reply has token_type Bearer and a usable expires_in',
    check: atTokenEndpoint(usableReply),
  },
];
