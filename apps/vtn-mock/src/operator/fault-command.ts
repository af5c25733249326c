import {
  addCommand,
  type Command,
  InvalidArgumentError,
  Option,
  printResult,
  usageError,
  wholeNumber,
} from '@venfleet/core/node';
import type { FaultView } from '../faults/operator-routes.js';
import { FAULT_KINDS, FAULT_OBJECTS, FAULT_OPERATIONS, type FaultSpec } from '../faults/spec.js';
import { atOperatorPages, type ConnectionOptions, DEFAULT_CREDENTIALS, type OperatorPages } from './connection.js';

interface Options extends Omit<ConnectionOptions, 'vtnVersion'> {
  readonly kind?: FaultSpec['kind'];
  readonly objects?: FaultSpec['objects'];
  readonly operation?: FaultSpec['operation'];
  readonly client?: string;
  readonly chance?: number;
  readonly count?: number;
  readonly for?: number;
  readonly delayMs?: number;
  readonly status?: string;
  readonly retryAfter?: number;
  readonly afterWork?: true;
  readonly copies?: number;
  readonly id?: number;
  readonly json?: true;
}

const URL = '/operator/faults';

export function addFault(program: Command): void {
  addCommand(program, 'fault', 'Adds, lists or clears faults of a running VTN that was started with --allow-faults')
    .argument('[action]', 'add, list or clear', 'list')
    .addOption(new Option('--kind <KIND>', 'add: what goes wrong').choices(FAULT_KINDS))
    .addOption(new Option('--objects <OBJECTS>', 'add: only what is about these').choices(FAULT_OBJECTS))
    .addOption(new Option('--operation <OPERATION>', 'add: only that').choices(FAULT_OPERATIONS))
    .option('--client <ID>', 'add: only requests, or tokens, of this client')
    .option('--chance <P>', 'add: the share of these that it hits, 0 to 1', positive)
    .option('--count <N>', 'add: only the first so many of these', wholeNumber(1, 1_000_000))
    .option('--for <SECONDS>', 'add: until it ends by itself', positive)
    .option('--delay-ms <MS>', 'latency: how late (default: 1000)', wholeNumber(1, 600_000))
    .addOption(new Option('--status <STATUS>', 'error: which one (default: 500)').choices(['500', '502', '503', '504']))
    .option('--retry-after <SECONDS>', 'error, rate-limit: Retry-After; 1 of rate-limit unless given', wholeNumber(0, 86_400))
    .option('--after-work', 'disconnect: carry the request out, and lose only the answer')
    .option('--copies <N>', 'duplicate-notification: how often each comes (default: 2)', wholeNumber(2, 100))
    .option('--id <N>', 'clear: one fault; all unless given', wholeNumber(1))
    .option('--url <URL>', 'URL of the mock', 'http://localhost:8000')
    .option('--credentials <FILE>', 'credentials file with a business-logic client', DEFAULT_CREDENTIALS)
    .option('--no-auth', 'use no token')
    .option('--json', 'print one line of JSON')
    .action(run);
}

async function run(action: string, options: Options): Promise<void> {
  if (action === 'add' && options.kind === undefined) {
    throw usageError('fault add needs --kind', `it is one of ${FAULT_KINDS.join(', ')}`);
  }
  const work = { add, list, clear }[action];
  if (work === undefined) throw usageError(`unknown action ${action}`, 'it is add, list or clear');
  const { result, text } = await atOperatorPages(options, (pages) => work(pages, options));
  printResult(options.json, result, () => text);
}

interface Done {
  readonly result: object;
  readonly text: string;
}

async function add(pages: OperatorPages, options: Options): Promise<Done> {
  const fault = (await pages.send('POST', URL, specOf(options))) as FaultView;
  const text = fault.spec.kind === 'expire-tokens' ? 'the tokens that were issued so far have expired' : describe(fault);
  return { result: fault, text };
}

async function list(pages: OperatorPages): Promise<Done> {
  const result = (await pages.send('GET', URL)) as { faults: FaultView[] };
  return { result, text: result.faults.map(describe).join('\n') || 'no faults are in force' };
}

async function clear(pages: OperatorPages, { id }: Options): Promise<Done> {
  if (id === undefined) {
    const result = (await pages.send('DELETE', URL)) as { cleared: number };
    return { result, text: `cleared ${result.cleared} faults` };
  }
  const fault = (await pages.send('DELETE', `${URL}/${id}`)) as FaultView;
  return { result: { cleared: 1 }, text: `cleared ${describe(fault)}` };
}

/** What was not given is left out: the VTN refuses parameters of another kind. */
function specOf(options: Options): object {
  const { kind, objects, operation, client, chance, count, delayMs, afterWork, copies } = options;
  const spec = {
    ...{ kind, objects, operation, client, chance, count, delayMs, afterWork, copies },
    durationS: options.for,
    status: options.status === undefined ? undefined : Number(options.status),
    retryAfterS: options.retryAfter,
  };
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}

function describe({ id, spec: { kind, ...parameters }, until, hits }: FaultView): string {
  const facts = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  const end = until === null ? 'until cleared' : `until ${until}`;
  return `fault ${id}: ${[kind, ...facts].join(' ')}, hit ${hits} times, ${end}`;
}

function positive(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a number above 0.');
}
