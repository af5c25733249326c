import type { Workplace } from './workplace.js';

/** Resident memory of a program that says so itself, in MB. @param ops URL under which its metrics are */
export async function residentMemory(ops: string): Promise<number> {
  const text = await (await fetch(`${ops}/metrics`)).text();
  const bytes = /^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1];
  if (bytes === undefined) throw new Error(`${ops}/metrics does not tell the resident memory`);
  return Number(bytes) / 1e6;
}

/** Resident memory of a Node process that does nothing, in MB. */
export async function bareNodeMemory(place: Workplace): Promise<number> {
  const script = 'setTimeout(() => console.log(process.memoryUsage.rss() / 1e6), 500)';
  return Number(await place.run(process.execPath, ['-e', script]));
}
