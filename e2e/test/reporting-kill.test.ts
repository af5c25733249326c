import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { instant, seconds, seededRandom, systemClock, uniform } from '@venfleet/core';
import { prepareFleet, startVtn, type Workplace, workplace } from './support/fleet.js';
import { jsonOf, runProgram, temporaryFolder } from './support/programs.js';
import { iso, Operator, register } from './support/reporting.js';

const folder = temporaryFolder();
const VERSIONS = ['3.0.1', '3.1.0'] as const;
type Version = (typeof VERSIONS)[number];
const REPORTS = 8;
const KILLS = 10;

let place: Workplace;
/** A VTN for each version, since over one store each would have the other's events, too. */
const vtns = new Map<Version, Awaited<ReturnType<typeof startVtn>>>();
beforeAll(async () => {
  place = await prepareFleet(join(folder, 'fleet'), { vens: ['Aalborg'], perFile: 1 });
  for (const version of VERSIONS) vtns.set(version, await startVtn({ clients: place.credentials }));
});
afterAll(async () => {
  for (const { vtn } of vtns.values()) await vtn.stop();
});

/** An agent that reports over one version, registered, with a state of its own. */
class MortalAgent {
  readonly operator: Operator;
  readonly #url: string;
  readonly #version: Version;
  readonly #own: Workplace;
  readonly #outbox: string;
  readonly #config: string;

  constructor(version: Version) {
    this.#version = version;
    this.#url = vtns.get(version)?.address.urls[version] ?? '';
    this.#own = { ...workplace(folder, `agent-${version}`), db: place.db, credentials: place.credentials };
    this.#outbox = join(folder, `outbox-${version}.db`);
    this.#config = join(folder, `ven-agent-${version}.yaml`);
    this.operator = new Operator(this.#url, place.credentials);
  }

  async prepare(): Promise<void> {
    await register(this.#own, this.#url);
    const settings = {
      version: 1,
      vtn: { url: this.#url, version: this.#version, credentials: place.credentials },
      database: place.db,
      state: this.#own.state,
      outbox: this.#outbox,
      events: { pollIntervalS: 1 },
      ops: { port: 0 },
    };
    writeFileSync(this.#config, JSON.stringify(settings));
  }

  /** Asks for a report on each of some intervals of two seconds, from `start` on. */
  async askForReports(start: number): Promise<void> {
    const programID = await this.operator.post('/programs', { programName: `kill ${this.#version}` });
    // 3.0.1 has no events that repeat an interval until they are over.
    const spans =
      this.#version === '3.0.1'
        ? { intervals: Array.from({ length: REPORTS }, (_, id) => ({ id, payloads: [] })) }
        : { duration: `PT${REPORTS * 2}S` };
    await this.operator.post('/events', {
      programID,
      ...spans,
      intervalPeriod: { start: iso(instant(start)), duration: 'PT2S' },
      reportDescriptors: [{ payloadType: 'DEMAND', startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 }],
    });
  }

  /** Lets it live for so long, and kills it as a power cut would. */
  async live(ms: number): Promise<void> {
    const outcome = await runProgram('ven-agent', ['run', '--config', this.#config, '--json'], {
      onStart: (kill) => setTimeout(() => kill('SIGKILL'), ms),
    });
    if (outcome.signal !== 'SIGKILL') throw new Error(`it ended by itself: ${outcome.stderr}`);
  }

  audit() {
    return runProgram('ven-agent', ['reports', '--outbox', this.#outbox, '--audit', '--json']);
  }
}

async function dieOften(version: Version): Promise<void> {
  const agent = new MortalAgent(version);
  await agent.prepare();
  await agent.askForReports(systemClock.now() + seconds(5));
  const random = seededRandom(`kill ${version}`);
  for (let life = 0; life < KILLS; life++) await agent.live(uniform(random, 600, 3200));
  let reports = await agent.operator.reports();
  // What is due last is made after its grace of fifteen seconds.
  for (let lives = 0; lives < 8 && reports.length < REPORTS; lives++) {
    await agent.live(8000);
    reports = await agent.operator.reports();
  }
  const audit = await agent.audit();
  expect(jsonOf(audit)).toMatchObject({ expected: REPORTS, acknowledged: REPORTS, lost: 0, doubled: 0, complete: true });
  expect(audit.status).toBe(0);
  expect(new Set(reports.map(({ reportName }) => reportName)).size).toBe(reports.length);
  const ids = reports.map(({ resources }) => resources[0]?.intervals[0]?.id).reverse();
  expect(ids).toEqual(Array.from({ length: REPORTS }, (_, i) => i));
  const payloads = reports.flatMap(({ resources }) => resources.flatMap((resource) => resource.intervals[0]?.payloads));
  expect(payloads).toContainEqual({ type: 'DATA_QUALITY', values: ['MISSING'] });
}

// Both at once, since they mostly wait.
test('agents of both versions killed ten times each, without a meter that answers: every report arrives once, gaps flagged', async () => {
  const outcomes = await Promise.allSettled(VERSIONS.map(dieOften));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}, 180_000);
