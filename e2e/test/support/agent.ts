import { type Outcome, runProgram } from './programs.js';

/** What `ven-agent run --json` says first. */
export interface AgentFacts {
  readonly vens: number;
  readonly resources: number;
  readonly gateways: number;
  readonly brokers: number;
  readonly ops: string;
}

/** One meter in the agent's view. */
export interface MeterView {
  readonly resourceId: string;
  readonly where: string;
  readonly scheduled: number;
  readonly onTime: number;
  readonly failed: number;
  readonly skipped: number;
  readonly problem: { readonly code: string; readonly message: string; readonly hint?: string } | null;
}

/** An agent in a process of its own. */
export interface RunningAgent extends AgentFacts {
  meters(): Promise<MeterView[]>;
  /** Status of /readyz. */
  readiness(): Promise<number>;
  /** Asks it to end, and gives what became of it and how long that took. */
  stop(): Promise<Outcome & { readonly tookMs: number }>;
  /** Ends it as a power cut would. */
  kill(): Promise<Outcome>;
}

export function startAgent(args: readonly string[]): Promise<RunningAgent> {
  return new Promise((up, fail) => {
    let stopIt = (_signal: NodeJS.Signals): void => {};
    const outcome = runProgram('ven-agent', ['run', '--ops-port', '0', '--json', ...args], {
      onStart: (kill, stdout) => {
        stopIt = kill;
        let text = '';
        stdout.on('data', (chunk) => {
          text += chunk;
          const line = text.indexOf('\n');
          if (line < 0 || !text.startsWith('{')) return;
          const facts = JSON.parse(text.slice(0, line)) as AgentFacts;
          const get = (path: string) => fetch(`${facts.ops}${path}`);
          up({
            ...facts,
            meters: async () => ((await (await get('/meters')).json()) as { meters: MeterView[] }).meters,
            readiness: async () => (await get('/readyz')).status,
            stop,
            kill: cutOff,
          });
        });
      },
    });
    const stop = async () => {
      const begin = performance.now();
      stopIt('SIGTERM');
      return { ...(await outcome), tookMs: performance.now() - begin };
    };
    const cutOff = () => {
      stopIt('SIGKILL');
      return outcome;
    };
    void outcome.then(({ status, stderr }) => fail(new Error(`the agent ended with status ${status}: ${stderr}`)));
  });
}

/** Looks again and again until `check` is content; the test's own time-out is the limit. */
export async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 500));
}
