import { type Duration, type Instant, toSeconds } from '@venfleet/core';
import type { End } from '@venfleet/openadr';
import { kW, percent, signed } from './describe.js';
import type { Division } from './divide.js';
import type { EventView, Explanation } from './explain.js';

/** An explanation as lines of text. */
export function renderExplanation(explanation: Explanation): string {
  const { resource, at, until, setpoint, holder, load, alone, absence, events } = explanation;
  const limit = setpoint.kind === 'free' ? 'free' : `at most ${kW(setpoint.limit)}`;
  const lines = [`${resource} at ${time(at)}: ${limit}${holder === 'shift' ? ' (moved to cheaper hours)' : ''}`];
  if (load !== undefined) lines.push(`  draws ${kW(load)} by itself`);
  if (absence !== undefined) lines.push(`  takes no part in what is divided: ${absence}`);
  if (alone !== undefined) lines.push(`  limit by itself, before amounts were divided: ${kW(alone)}`);
  lines.push(until === 'forever' ? '  nothing changes any more' : `  nothing changes before ${time(until)}`);
  if (events.length === 0) lines.push('  there are no events');
  return [...lines, ...events.flatMap(eventLines)].join('\n');
}

function eventLines(view: EventView): string[] {
  const { event, name, priority, payload, interval, asks, from, until, shift, decides, reason, note, limit, division } = view;
  const title = name === undefined || name === '' ? event : `${name} (${event})`;
  const rank = priority === undefined ? 'no priority' : `priority ${priority}`;
  const lines = [`  ${decides ? '→' : '·'} ${title}, ${rank}: ${decides ? 'decides' : reason}`];
  if (payload !== undefined) lines.push(`      ${payload}, interval ${interval}: ${asks}`);
  if (from !== undefined && until !== undefined) lines.push(`      from ${time(from)} to ${time(until)}${shiftText(shift)}`);
  if (limit !== undefined) lines.push(`      limits it to ${kW(limit)}`);
  if (division !== undefined) lines.push(`      ${divisionText(division)}`);
  if (note !== undefined) lines.push(`      ${note}`);
  return lines;
}

function divisionText({ total, others, room, level, short }: Division): string {
  const text = `of ${kW(total)} others draw ${kW(others)}, ${kW(room)} are divided`;
  if (level === -1) return `${text}: enough for all`;
  const given =
    level >= 0 ? `each gives ${percent(level)} of its flexibility` : `each may take ${percent(-level)} of its headroom`;
  return `${text}: ${given}${short > 0 ? `; ${kW(short)} cannot be found` : ''}`;
}

const time = (at: End | Instant): string => (at === 'forever' ? 'no end' : new Date(at).toISOString());
const shiftText = (shift: Duration): string =>
  shift === 0 ? '' : `, moved at random by ${signed(shift, `${toSeconds(shift)} s`)}`;
