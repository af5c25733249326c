import type { GridEvent, VtnClient } from '@venfleet/openadr';
import { failed, type Steps } from '../steps.js';
import type { Counts, OurSide, Registration } from './agent.js';
import type { Fleet } from './fleet.js';
import type { Operator } from './operator.js';

export interface ScenarioOptions {
  readonly steps: Steps;
  readonly fleet: Fleet;
  readonly ours: OurSide;
  readonly operator: Operator;
}

/** Long enough to be heard of, and for some passes of control within it. */
const EVENT_S = 30;
/** Less than any site draws. */
const LIMIT_KW = 1;

/** All that a VEN does, from the first registration until nothing of it is left. */
export async function runScenario(options: ScenarioOptions): Promise<void> {
  const { steps, operator } = options;
  await steps.step('users and credentials', async () => `${await operator.provision()} clients`);
  const business = await operator.business();
  await registration(options);
  await metering(options);
  await anEvent(options, business);
  await options.ours.stop();
  await unregistration(options, business);
}

async function registration({ steps, ours, fleet }: ScenarioOptions): Promise<void> {
  await steps.step('register one VEN without business logic', async () => {
    const alone = await ours.registerAlone();
    if (alone.failures.length > 0) throw failed(countsOf(alone));
    return countsOf(alone);
  });
  await steps.step('register', async () => {
    const first = await ours.register();
    expectCounts(first, fleet);
    return countsOf(first);
  });
  await steps.step('register again', async () => {
    const second = await ours.register();
    expectCounts(second, fleet);
    if (second.changes !== 0) throw failed(`${second.changes} changes: ${countsOf(second)}`);
    return '0 changes';
  });
}

async function metering({ steps, ours, fleet }: ScenarioOptions): Promise<void> {
  const { name, resources } = fleet.small;
  await steps.step('metering', async () => {
    await ours.startDevices();
    await ours.startAgent();
    const answering = () => ours.metric('ven_agent_meters_answering');
    await ours.until('all meters answer', 120, async () => (await answering()) === resources.length);
    return `${resources.length} meters of ${name} answer`;
  });
  await steps.step('check --live', () => ours.check('--live'));
}

async function anEvent({ steps, ours, fleet, operator }: ScenarioOptions, business: VtnClient): Promise<void> {
  let event: GridEvent | undefined;
  await steps.step('event', async () => {
    event = await operator.limit(business, fleet.small.name, LIMIT_KW, EVENT_S);
    await ours.until('a device is held to a limit', 60, async () => (await ours.held()) > 0);
    return `${await ours.held()} devices of ${fleet.small.name} hold their part of ${LIMIT_KW} kW`;
  });
  const { id } = event as GridEvent;
  await steps.step('report', async () => {
    const isDone = async () => (await ours.reports(id)).includes('acknowledged');
    await ours.until('the report is acknowledged', EVENT_S + 60, isDone);
    const [report] = await business.listReports({ eventId: id });
    if (report === undefined) throw failed('the VTN has no report on the event');
    const values = report.resources.flatMap(({ intervals }) => intervals.flatMap(({ payloads }) => payloads));
    return `the VTN has ${values.length} values of ${report.resources.length} resources`;
  });
  await steps.step('end of the event', async () => {
    await ours.until('every device is free', 60, async () => (await ours.held()) === 0);
    return 'every device is free';
  });
}

async function unregistration({ steps, ours, fleet, operator }: ScenarioOptions, business: VtnClient): Promise<void> {
  await steps.step('register --prune', async () => {
    const { vensDeleted } = await ours.register('--prune');
    if (vensDeleted.length !== fleet.vens - 1) throw failed(`${vensDeleted.length} VENs deleted, not ${fleet.vens - 1}`);
    return `${vensDeleted.length} VENs deleted with their resources`;
  });
  await steps.step('deleting the last VEN', async () => {
    await operator.deleteVens(business);
    const left = await business.listVens();
    if (left.length > 0) throw failed(`${left.length} VENs are left`);
    return 'no VEN is left';
  });
}

function expectCounts(seen: Registration, { vens, resources }: Fleet): void {
  const isAll = seen.vens.total === vens && seen.resources.total === resources;
  if (!isAll || seen.vens.failed + seen.resources.failed > 0) throw failed(countsOf(seen));
}

function countsOf({ vens, resources }: Registration): string {
  const told = (what: string, { total, created, updated, failed: lost }: Counts) =>
    `${total} ${what} (${created} created, ${updated} updated, ${lost} failed)`;
  return `${told('VENs', vens)}, ${told('resources', resources)}`;
}
