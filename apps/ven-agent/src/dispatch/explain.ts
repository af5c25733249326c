import { type HasNow, type Instant, VenfleetError, type Watts } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { ControlState } from '../control/model.js';
import { type Explanation, explain } from '../planning/explain.js';
import { renderExplanation } from '../planning/render.js';
import type { Decision } from './decision.js';
import type { SeesControl } from './sight.js';
import type { VenDispatch } from './ven-dispatch.js';

/** Why a resource does what it does: the plan, what came of it, and what the meter says. */
export interface ResourceExplanation {
  readonly ven: string;
  readonly name: string;
  readonly when: 'past' | 'now' | 'future';
  readonly plan: Explanation;
  /** What was decided then, as it was noted; absent for the future, and where it is no longer known. */
  readonly decided?: Decision | undefined;
  /** What its controller does now; absent for other times. */
  readonly controller?: Pick<ControlState, 'status' | 'held' | 'heardAt' | 'confirmedAt' | 'problem'> | undefined;
  readonly measured: {
    readonly power?: Watts | undefined;
    /** What it drew when the deciding event began. */
    readonly before?: Watts | undefined;
  };
}

export interface ExplainSources {
  readonly vens: ReadonlyMap<string, readonly Resource[]>;
  readonly dispatch: { ven(name: string): VenDispatch | undefined };
  readonly control: SeesControl;
  readonly log: { at(resource: number, at: Instant): Decision | undefined };
  readonly clock: HasNow;
}

/** A time so near is the present. */
const NOW_MS = 5000;

/**
 * @param wanted resource id, meter point id or name
 * @throws VenfleetError RESOURCE_UNKNOWN, RESOURCE_AMBIGUOUS, NOT_CONTROLLED
 */
export function explainResource(sources: ExplainSources, wanted: string, time?: Instant): ResourceExplanation {
  const { vens, dispatch, control, log, clock } = sources;
  const resource = findResource(vens, wanted);
  const ven = dispatch.ven(resource.ven);
  const planned = ven?.planned(resource.id);
  if (ven === undefined || planned === undefined) {
    throw new VenfleetError(
      'NOT_CONTROLLED',
      `${resource.name} takes no part in events: it is disabled, or its VEN hears of none`,
    );
  }
  const now = clock.now();
  const at = time ?? now;
  const when = Math.abs(at - now) <= NOW_MS ? 'now' : at < now ? 'past' : 'future';
  const { plan, allocation } = when === 'now' ? ven.present() : ven.allocationAt(at);
  const explanation = explain(plan, allocation, planned);
  const began = explanation.events.find(({ decides }) => decides)?.from;
  const state = control.state(resource.id);
  return {
    ven: resource.ven,
    name: resource.name,
    when,
    plan: explanation,
    decided: when === 'future' ? undefined : log.at(resource.id, at),
    controller: when === 'now' ? state : undefined,
    measured: {
      power: when === 'future' ? undefined : ven.powerAt(resource.id, at),
      before: began === undefined ? undefined : ven.powerAt(resource.id, began),
    },
  };
}

function findResource(vens: ReadonlyMap<string, readonly Resource[]>, wanted: string): Resource {
  const all = [...vens.values()].flat();
  const byId = all.find(({ resourceId, meterPointId }) => resourceId === wanted || meterPointId === wanted);
  const found = byId === undefined ? all.filter(({ name }) => name === wanted) : [byId];
  const [first, ...others] = found;
  if (first === undefined) {
    throw new VenfleetError('RESOURCE_UNKNOWN', `this agent has no resource ${wanted}`, {
      hint: 'name it by its resource id, its meter point id or its name; `npx nx run resource-db:query` lists them',
    });
  }
  if (others.length === 0) return first;
  throw new VenfleetError('RESOURCE_AMBIGUOUS', `${found.length} resources are called ${wanted}`, {
    details: found.map(({ resourceId, ven }) => `${resourceId} in ${ven}`),
    hint: 'name it by its resource id',
  });
}

/** An explanation as text for people. */
export function explanationText({ ven, name, when, plan, decided, controller, measured }: ResourceExplanation): string {
  return [
    `${name}, ${ven}${when === 'now' ? '' : when === 'past' ? ' (as it was)' : ' (as planned from what is known now)'}`,
    renderExplanation(plan),
    ...(decided === undefined ? [] : [decidedText(decided)]),
    ...(controller === undefined ? [] : [controllerText(controller)]),
    measuredText(measured),
  ].join('\n');
}

const kW = (power: number): string => `${(power / 1000).toFixed(2)} kW`;
const time = (at: number): string => new Date(at).toISOString();
const limitText = (limit: number | null): string => (limit === null ? 'free' : `at most ${kW(limit)}`);

function decidedText({ at, limit, event, status, held, problem }: Decision): string {
  const why = event === null ? '' : ` for event ${event}`;
  const wrong = problem === null ? '' : `, ${problem}`;
  return `  decided at ${time(at)}: ${limitText(limit)}${why}; its controller: ${status}, ${limitText(held)}${wrong}`;
}

function controllerText({ status, held, heardAt, confirmedAt, problem }: NonNullable<ResourceExplanation['controller']>): string {
  const read =
    held === undefined || heardAt === undefined ? 'not heard yet' : `${limitText(held)}, read back at ${time(heardAt)}`;
  const confirmed = confirmedAt === undefined ? '' : `, confirmed at ${time(confirmedAt)}`;
  return `  controller: ${status}, ${read}${confirmed}${problem === undefined ? '' : `\n  ${problem.code}: ${problem.message}`}`;
}

function measuredText({ power, before }: ResourceExplanation['measured']): string {
  if (power === undefined) return '  measured: nothing known';
  if (before === undefined) return `  measured: ${kW(power)}`;
  const change = before > 0 ? ` (${power > before ? '+' : ''}${(((power - before) / before) * 100).toFixed(0)} %)` : '';
  return `  measured: ${kW(power)}, ${kW(before)} when the event began${change}`;
}
