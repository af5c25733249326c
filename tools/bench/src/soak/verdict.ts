import type { SoakResult } from './soak.js';

/** From this hour on the memory must not grow: caches, code and the heap have found their size. */
const SETTLED = 6;
/** What the heap may differ by, in MB: the collector leaves a little, and reports are under way or not. */
const SLACK_MB = 4;
/** Megabytes an hour that the agent may write with its default settings: for its journal each second, and for each resource. */
const BUDGET_MB = { base: 60, resource: 0.3 };

/** What is not as it should be. @param batched by settings of the run's own, which the budget does not hold for */
export function findingsOf({ hours, resources, readings, reports, samples }: SoakResult, batched = false): string[] {
  const findings: string[] = [];
  const expect = (holds: boolean, finding: string) => void (holds || findings.push(finding));
  expect(readings.lost === 0, `${readings.lost} readings were lost`);
  expect(readings.stored >= 0.999 * readings.expected, `of ${readings.expected} readings only ${readings.stored} were stored`);
  const { expected, acknowledged, atVtn, doubled } = reports;
  expect(acknowledged === expected, `${expected} reports were due, and ${acknowledged} are acknowledged`);
  expect(atVtn === acknowledged, `${acknowledged} reports are acknowledged, and the VTN has ${atVtn}`);
  expect(doubled === 0, `${doubled} reports are doubled`);
  const [settled, last] = [samples.find(({ hour }) => hour === SETTLED), samples.at(-1)];
  if (settled !== undefined && last !== undefined && last.hour > SETTLED) {
    const grown = last.heapMB - settled.heapMB;
    expect(grown <= SLACK_MB, `the heap has grown by ${grown.toFixed(1)} MB from hour ${settled.hour} to hour ${last.hour}`);
  }
  if (last?.writtenMB !== undefined && !batched) {
    const budget = hours * (BUDGET_MB.base + BUDGET_MB.resource * resources);
    expect(last.writtenMB <= budget, `${last.writtenMB} MB were written; the budget is ${Math.round(budget)} MB`);
  }
  return findings;
}
