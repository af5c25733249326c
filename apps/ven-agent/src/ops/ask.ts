import { describeError, VenfleetError } from '@venfleet/core';
import { usageError } from '@venfleet/core/node';

/** The option of commands that ask a running agent. */
export const AGENT_URL = ['--url <url>', 'health and metrics endpoint of the running agent', 'http://127.0.0.1:9464'] as const;

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
      hint: 'start it with `npx nx run ven-agent:run`; for one with another --ops-port give its --url',
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
