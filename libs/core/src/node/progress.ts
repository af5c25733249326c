import { createRequire } from 'node:module';
import type * as CliProgress from 'cli-progress';

// Loaded when a bar is drawn: most commands, and all services, draw none.
const load = createRequire(import.meta.url);

export interface Progress {
  /** `done` of the total, and what is being worked on. */
  update(done: number, label: string): void;
  /** Ends the display; further updates are ignored. */
  stop(): void;
}

/**
 * A progress display on standard error: a bar on a terminal, a plain line for each further tenth in a
 * pipe, nothing when `quiet`.
 */
export function createProgress(
  total: number,
  what: string,
  options: { quiet?: boolean; stream?: NodeJS.WriteStream } = {},
): Progress {
  const stream = options.stream ?? process.stderr;
  if (options.quiet || total === 0) return { update() {}, stop() {} };
  if (stream.isTTY) {
    const { SingleBar }: typeof CliProgress = load('cli-progress');
    const bar = new SingleBar({
      format: `${what} {bar} {percentage}% | {value}/{total} | {label}`,
      hideCursor: true,
      clearOnComplete: true,
      stream,
    });
    bar.start(total, 0, { label: '' });
    return { update: (done, label) => bar.update(done, { label }), stop: () => bar.stop() };
  }
  let tenths = 0;
  return {
    update(done, label) {
      const now = Math.min(10, Math.floor((done / total) * 10));
      if (now <= tenths) return;
      tenths = now;
      stream.write(`${what}: ${done}/${total} (${now * 10} %), ${label}\n`);
    },
    stop() {
      tenths = 10;
    },
  };
}
