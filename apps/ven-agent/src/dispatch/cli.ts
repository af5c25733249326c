import { addCommand, type Command, printResult, usageError } from '@venfleet/core/node';
import { parseDateTime } from '@venfleet/openadr';
import { type AgentFlags, agentUrl, askAgent } from '../ops/ask.js';
import { addAgentOptions, addJsonOption } from '../options.js';
import { explanationText, type ResourceExplanation } from './explain.js';

interface ExplainFlags extends AgentFlags {
  readonly at?: string;
  readonly json?: true;
}

/** `explain`: asks the running agent why a resource does what it does. */
export function addExplain(program: Command, env: NodeJS.ProcessEnv): void {
  const command = addCommand(
    program,
    'explain',
    'Says why a resource is limited or free: the event that decides, the others and why not they, what its controller and its meter say',
  )
    .argument('<resource>', 'resource id, meter point id or name')
    .option('--at <time>', 'as it was or is planned to be then, such as 2026-06-15T10:00:00Z (default: now)');
  addJsonOption(addAgentOptions(command)).action(async (resource: string, { at, json, ...flags }: ExplainFlags) => {
    if (at !== undefined && typeof parseDateTime(at) !== 'number') {
      throw usageError(`--at ${at} is no time`, 'write it with a date and a zone: 2026-06-15T10:00:00Z');
    }
    const query = new URLSearchParams({ resource, ...(at === undefined ? {} : { at }) });
    const explanation = await askAgent<ResourceExplanation>(agentUrl(flags, env), `/explain?${query}`);
    printResult(json, explanation, () => explanationText(explanation));
  });
}
