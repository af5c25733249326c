import type { Workplace } from './workplace.js';

/** A connection that is kept may be closed by the program in the moment in which it is used again. */
const ALONE = { headers: { connection: 'close' } };

/** What a running program says of itself. @param ops URL of its view @param name of the metric, without labels */
export async function metricOf(ops: string, name: string): Promise<number> {
  const text = await (await fetch(`${ops}/metrics`, ALONE)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  if (line === undefined) throw new Error(`${ops}/metrics has no ${name}`);
  return Number(line.slice(name.length + 1));
}

/** What became of a meter's slots that are over. */
export interface MeterSlots {
  readonly onTime: number;
  readonly late: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Each meter of a running agent by its resource. @param ops URL of its view */
export async function metersOf(ops: string): Promise<Map<string, MeterSlots>> {
  const { meters } = (await (await fetch(`${ops}/meters`, ALONE)).json()) as { meters: (MeterSlots & { resourceId: string })[] };
  return new Map(meters.map((meter) => [meter.resourceId, meter]));
}

/** Resident memory of a running program, in MB. @param ops URL of its view */
export async function residentMemory(ops: string): Promise<number> {
  return (await metricOf(ops, 'process_resident_memory_bytes')) / 1e6;
}

/** Resident memory of a Node process that does nothing, in MB. */
export async function bareNodeMemory(place: Workplace): Promise<number> {
  const script = 'setTimeout(() => console.log(process.memoryUsage.rss() / 1e6), 500)';
  return Number(await place.run(process.execPath, ['-e', script]));
}
