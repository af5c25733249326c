import { describeError, VenfleetError } from '@venfleet/core';
import { addCommand, type Command, printResult, usageError } from '@venfleet/core/node';
import { parseDateTime } from '@venfleet/openadr';
import { explanationText, type ResourceExplanation } from './explain.js';

interface ExplainFlags {
  readonly at?: string;
  readonly url: string;
  readonly json?: true;
}

/** `explain`: asks the running agent why a resource does what it does. */
export function addExplain(program: Command): void {
  addCommand(
    program,
    'explain',
    'Says why a resource is limited or free: the event that decides, the others and why not they, what its controller and its meter say',
  )
    .argument('<resource>', 'resource id, meter point id or name')
    .option('--at <time>', 'as it was or is planned to be then, such as 2026-06-15T10:00:00Z (default: now)')
    .option('--url <url>', 'health and metrics endpoint of the running agent', 'http://127.0.0.1:9464')
    .option('--json', 'print one line of JSON instead of text')
    .action(async (resource: string, { at, url, json }: ExplainFlags) => {
      if (at !== undefined && typeof parseDateTime(at) !== 'number') {
        throw usageError(`--at ${at} is no time`, 'write it with a date and a zone: 2026-06-15T10:00:00Z');
      }
      const query = new URLSearchParams({ resource, ...(at === undefined ? {} : { at }) });
      const explanation = await ask<ResourceExplanation>(`${url.replace(/\/+$/, '')}/explain?${query}`);
      printResult(json, explanation, () => explanationText(explanation));
    });
}

async function ask<T>(url: string): Promise<T> {
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
