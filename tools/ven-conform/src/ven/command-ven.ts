import { type Instant, VenfleetError } from '@venfleet/core';
import type { Processes } from '@venfleet/interop';
import { formatDateTime } from '@venfleet/openadr';
import type { PlanView, RunningVen, Situation, Ven } from './ven.js';

export interface CommandVenOptions {
  /** Registers the VEN and runs it until SIGTERM; of a shell. */
  readonly command: string;
  /** Prints a PlanView as JSON for the time in AT. */
  readonly planCommand?: string | undefined;
  readonly processes: Processes;
}

/** Any VEN, by the commands that start it and ask it. They are told the situation by their environment. */
export class CommandVen implements Ven {
  readonly #options: CommandVenOptions;

  constructor(options: CommandVenOptions) {
    this.#options = options;
  }

  async start(situation: Situation): Promise<RunningVen> {
    const { command, planCommand, processes } = this.#options;
    const env = environment(situation);
    // The VEN in place of the shell, so that it gets the signal.
    const child = processes.start('sh', ['-c', `exec ${command}`], { env, cwd: process.cwd() });
    const plan = (of: string) => async (at?: Instant) =>
      planOf(of, await processes.run('sh', ['-c', of], { env: { ...env, ...timeOf(at) }, cwd: process.cwd() }));
    return {
      exited: child.exited,
      lastWords: child.lastWords,
      stop: () => child.stop(),
      ...(planCommand === undefined ? {} : { plan: plan(planCommand) }),
    };
  }
}

const timeOf = (at: Instant | undefined): NodeJS.ProcessEnv => (at === undefined ? {} : { AT: formatDateTime(at) });

function environment({ name, clientId, clientSecret, url, version, folder, pollS, push }: Situation): NodeJS.ProcessEnv {
  return {
    VEN_NAME: name,
    CLIENT_ID: clientId,
    CLIENT_SECRET: clientSecret,
    VTN_URL: url,
    VTN_VERSION: version,
    STATE_FOLDER: folder,
    POLL_S: String(pollS),
    PUSH: push,
  };
}

/** @throws VenfleetError PLAN_INVALID */
function planOf(command: string, text: string): PlanView {
  const line = text.trim().split('\n').at(-1) ?? '';
  const amount = (value: unknown) => value === undefined || value === null || Number.isFinite(value);
  try {
    const view = JSON.parse(line) as PlanView;
    if (view.limitKw !== undefined && [view.limitKw, view.price, view.heldKw].every(amount)) return view;
  } catch {
    // Told below.
  }
  throw new VenfleetError('PLAN_INVALID', `${command} printed ${JSON.stringify(line.slice(0, 200))}`, {
    hint: 'it must print a line such as {"limitKw": 20}, {"limitKw": null, "price": 0.25, "heldKw": null}',
  });
}
