import { type Command, Option, printResult, usageError, wholeNumber } from '@venfleet/core/node';
import { FAULT_KINDS, type FaultSpec } from '../faults/spec.js';
import { OpsClient } from '../ops/client.js';
import { parsePositive } from './options.js';
import { addClientCommand, type ClientOptions } from './read.js';

/** Options that become a fault as they are. */
interface FaultOptions extends ClientOptions {
  readonly kind?: FaultSpec['kind'];
  readonly resource?: string;
  readonly gateway?: string;
  readonly ven?: string;
  readonly percent?: number;
  readonly for?: number;
  readonly chance?: number;
  readonly delayMs?: number;
  readonly exception?: number;
  readonly pieces?: number;
  readonly gapMs?: number;
  readonly junkBytes?: number;
  readonly transactionOffset?: number;
  readonly skew?: number;
  readonly lastWill: boolean;
  readonly id?: number;
}

interface FaultView {
  readonly id: number;
  readonly spec: FaultSpec;
  readonly since: string;
  readonly until: string | null;
  readonly devices: number;
}

export function addFault(program: Command): void {
  addClientCommand(program, 'fault', 'Adds, lists or clears faults of the running simulator')
    .argument('[action]', 'add, list or clear', 'list')
    .addOption(new Option('--kind <KIND>', 'add: what goes wrong').choices(FAULT_KINDS))
    .option('--resource <ID>', 'add: devices of one resource')
    .option('--gateway <HOST:PORT>', 'add: devices of one Modbus gateway')
    .option('--ven <NAME>', 'add: devices of one VEN')
    .option('--percent <P>', 'add: only so many of these, chosen by the seed', parsePositive)
    .option('--for <SECONDS>', 'add: simulated seconds until it ends by itself', parsePositive)
    .option('--chance <P>', 'add, faults of single requests: the share of them that it hits, 0 to 1', parsePositive)
    .option('--delay-ms <MS>', 'delay: how late', wholeNumber(1))
    .option('--exception <CODE>', 'exception: the code', wholeNumber(1, 255))
    .option('--pieces <N>', 'split: how many', wholeNumber(2))
    .option('--gap-ms <MS>', 'split: the pause between two', wholeNumber(1))
    .option('--junk-bytes <N>', 'junk: how many', wholeNumber(1))
    .option('--transaction-offset <N>', 'wrong-transaction: added to the id', wholeNumber(1))
    .option('--skew <SECONDS>', 'clock-skew: how far ahead, negative for behind', Number)
    .option('--no-last-will', 'offline: falls silent instead of being announced')
    .option('--id <N>', 'clear: one fault; all unless given', wholeNumber(1))
    .action(run);
}

async function run(action: string, options: FaultOptions): Promise<void> {
  const client = new OpsClient(options.url);
  if (action === 'list') {
    const { faults } = await client.call<{ faults: FaultView[] }>('GET', '/v1/faults');
    printResult(options.json, { faults }, () =>
      faults.length === 0 ? 'no faults are in force' : faults.map(describe).join('\n'),
    );
  } else if (action === 'add') {
    if (options.kind === undefined) throw usageError('fault add needs --kind', `it is one of ${FAULT_KINDS.join(', ')}`);
    const fault = await client.call<FaultView>('POST', '/v1/faults', specOf(options));
    printResult(options.json, fault, () => describe(fault));
  } else if (action === 'clear') {
    if (options.id !== undefined) {
      const fault = await client.call<FaultView>('DELETE', `/v1/faults/${options.id}`);
      printResult(options.json, { cleared: 1 }, () => `cleared ${describe(fault)}`);
    } else {
      const result = await client.call<{ cleared: number }>('DELETE', '/v1/faults');
      printResult(options.json, result, () => `cleared ${result.cleared} faults`);
    }
  } else throw usageError(`unknown action ${action}`, 'it is add, list or clear');
}

/** What was not given is left out: the registry refuses parameters of another kind. */
function specOf(options: FaultOptions): Record<string, unknown> {
  const spec = {
    kind: options.kind,
    device: options.resource,
    gateway: options.gateway,
    city: options.ven,
    percent: options.percent,
    durationS: options.for,
    chance: options.chance,
    delayMs: options.delayMs,
    exception: options.exception,
    pieces: options.pieces,
    gapMs: options.gapMs,
    junkBytes: options.junkBytes,
    transactionOffset: options.transactionOffset,
    skewS: options.skew,
    lastWill: options.lastWill ? undefined : false,
  };
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}

function describe({ id, spec: { kind, ...parameters }, until, devices }: FaultView): string {
  const facts = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return `fault ${id}: ${[kind, ...facts].join(' ')}, ${devices} resources, ${until === null ? 'until cleared' : `until ${until}`}`;
}
