import { describeError, VenfleetError } from '@venfleet/core';
import { usageError } from '@venfleet/core/node';
import { loadOpsAddress } from '../config.js';

/** Which running agent is asked. */
export interface AgentFlags {
  readonly config?: string;
  readonly url?: string;
}

/** By host of a URL: one that is listened on, but leads nowhere, and where to ask instead. */
const REACHED_AT: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['[::]', '[::1]'],
]);

/**
 * Where a running agent on this machine answers: as it is said, else as its settings have it.
 * @throws VenfleetError USAGE, CONFIG_INVALID, FILE_UNREADABLE
 */
export function agentUrl(flags: AgentFlags, env: NodeJS.ProcessEnv): string {
  if (flags.url !== undefined) return flags.url;
  const { host, port } = loadOpsAddress(flags, env);
  if (port === 0) {
    throw usageError(
      'which port the agent has is not known: `ops.port` of its settings is 0, any free one',
      'give its --url, which `run` prints',
    );
  }
  const text = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (!URL.canParse(text)) throw usageError(`\`ops.host\` of the settings, ${host}, makes no URL`, 'give the --url of the agent');
  const { hostname } = new URL(text);
  return `http://${REACHED_AT.get(hostname) ?? hostname}:${port}`;
}

/**
 * Asks a running agent.
 * @param base of its health and metrics endpoint
 * @throws VenfleetError USAGE, AGENT_UNREACHABLE, or the agent's own error
 */
export async function askAgent<T>(base: string, path: string): Promise<T> {
  const url = `${base.replace(/\/+$/, '')}${path}`;
  const missing = (reason: string, cause?: unknown) =>
    new VenfleetError('AGENT_UNREACHABLE', `no agent answers at ${new URL(url).origin}: ${reason}`, {
      cause,
      hint: 'start it with `npx nx run ven-agent:run`; for one with other settings or --ops-port give its --config or --url',
    });
  if (!URL.canParse(url)) throw usageError(`--url ${url} is no URL`, 'it looks like http://127.0.0.1:9464');
  const response = await fetch(url).catch((error) => {
    throw missing(describeError(error.cause ?? error), error);
  });
  const answer = (await response.json().catch(() => undefined)) as Record<string, unknown> | undefined;
  if (response.ok && answer !== undefined) return answer as T;
  if (typeof answer?.code !== 'string') throw missing(`status ${response.status}, not the answer of an agent`);
  const { code, message, hint, details } = answer as { code: string; message: string; hint?: string; details?: string[] };
  throw new VenfleetError(code, message, { details: details ?? [], ...(hint === undefined ? {} : { hint }) });
}
