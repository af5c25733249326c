import { readFileSync } from 'node:fs';

/** Bytes that this process has had written to disks (proc(5), /proc/pid/io); undefined where the system does not tell. */
export function bytesWritten(): number | undefined {
  try {
    return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

/** Memory in MB: what the process occupies, and what its JavaScript really needs where the collector may be called. */
export function memory(): { readonly rssMB: number; readonly heapMB: number } {
  const { gc } = globalThis as { readonly gc?: () => void };
  gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rssMB: Math.round(rss / 1e5) / 10, heapMB: Math.round(heapUsed / 1e5) / 10 };
}
