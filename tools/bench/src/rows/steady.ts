import { type Duration, seconds, systemClock } from '@venfleet/core';
import { type MeterSlots, metersOf } from '../metrics.js';
import type { Contest, Row } from '../row.js';
import { startStack, total, untilMet } from '../stack.js';
import type { Workplace } from '../workplace.js';

/** A full round of 200 s: after the one that warms up, three make ten minutes. */
const SIZE = {
  full: { vens: 158, round: seconds(200), longestStart: seconds(300), finding: seconds(120) },
  smoke: { vens: 2, round: seconds(12), longestStart: seconds(60), finding: seconds(45) },
};
const sizeFor = (place: Workplace) => (place.smoke ? SIZE.smoke : SIZE.full);
const HUNG_PERCENT = 30;

/** What became of each meter's slots in so long. */
async function watch(place: Workplace, ops: string, duration: Duration): Promise<Map<string, MeterSlots>> {
  const before = await metersOf(ops);
  await systemClock.sleep(duration, place.signal);
  const after = await metersOf(ops);
  for (const [resource, now] of after) {
    const then = before.get(resource);
    if (then !== undefined) after.set(resource, difference(now, then));
  }
  return after;
}

function difference(now: MeterSlots, then: MeterSlots): MeterSlots {
  return {
    onTime: now.onTime - then.onTime,
    late: now.late - then.late,
    failed: now.failed - then.failed,
    skipped: now.skipped - then.skipped,
  };
}

/**
 * Lets 30 % of the devices hang: those on Modbus take requests without ever answering, those on MQTT fall silent.
 * @returns the others, known by their answers, once the agent has found out
 */
async function hang(place: Workplace, sim: string, ops: string): Promise<Set<string>> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ kind: 'timeout', percent: HUNG_PERCENT });
  const answer = await fetch(`${sim}/v1/faults`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`the simulator refuses the fault: ${await answer.text()}`);
  const slots = await watch(place, ops, sizeFor(place).finding);
  const healthy = [...slots].filter(([, { onTime, late }]) => onTime + late > 1).map(([resource]) => resource);
  const silent = 100 - (100 * healthy.length) / slots.size;
  if (Math.abs(silent - HUNG_PERCENT) > 5)
    throw new Error(`${silent.toFixed(1)} % of the meters are silent, not ${HUNG_PERCENT} %`);
  return new Set(healthy);
}

async function contest(place: Workplace, isHung: boolean): Promise<Contest> {
  const { vens, round, longestStart } = sizeFor(place);
  const { fleet, ops } = await startStack(place, vens);
  const notes = [await untilMet(place, ops, longestStart)];
  const healthy = isHung ? await hang(place, fleet.ops, ops) : undefined;
  return {
    async ours() {
      const slots = await watch(place, ops, round);
      const counted = [...slots].filter(([resource]) => healthy?.has(resource) ?? true).map(([, each]) => each);
      const { onTime, ended } = total(counted);
      const number = (value: number) => value.toLocaleString('en-US');
      notes[1] = `last round: ${number(ended)} slots of ${number(counted.length)} of ${number(slots.size)} meters, ${number(ended - onTime)} not on time`;
      return (100 * onTime) / ended;
    },
    peer: async () => 100,
    notes,
  };
}

export const steadyRow: Row = {
  name: 'steady',
  family: 'agent',
  what: 'scheduled reads of the whole fleet, 9,714 meters each 10 s, that are done before the next one is due; simulator, mock VTN and a reporting agent on one machine, 200 s a round once every meter has been met',
  against: 'every scheduled read',
  unit: '% of reads',
  target: { atLeast: 0.999 },
  slow: true,
  prepare: (place) => contest(place, false),
};

export const steadyHungRow: Row = {
  ...steadyRow,
  name: 'steady-hung',
  what: 'the same of the other meters, while 30 % of the Modbus devices take requests and never answer, and 30 % of the MQTT devices have fallen silent',
  prepare: (place) => contest(place, true),
};
