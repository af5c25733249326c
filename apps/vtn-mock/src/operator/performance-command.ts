import { type Duration, instant, minutes, systemClock } from '@venfleet/core';
import { addCommand, type Command, printResult } from '@venfleet/core/node';
import { parseStep } from './arguments.js';
import { addConnectionOptions, atVtn, type ConnectionOptions } from './connection.js';
import { eventOf } from './event-desk.js';
import { numberText, table } from './output.js';
import { type Performance, performanceOf, type VenPerformance } from './performance.js';

interface Options extends ConnectionOptions {
  readonly grace?: Duration;
  readonly json?: true;
}

export function addPerformance(program: Command): void {
  addConnectionOptions(
    addCommand(program, 'performance', 'Settles an event: what was asked for and what its reports say was delivered'),
  )
    .argument('<event>', 'id of the event')
    .option('--grace <LENGTH>', 'how long after an interval its report may still be on its way (default: 1m)', parseStep)
    .option('--json', 'print one line of JSON')
    .action(run);
}

async function run(id: string, options: Options): Promise<void> {
  const dueBy = instant(systemClock.now() - (options.grace ?? minutes(1)));
  const performance = await atVtn(options, async (vtn) => {
    const event = await eventOf(vtn, id);
    const [vens, reports] = [await vtn.listVens(), await vtn.listReports({ eventId: id })];
    return performanceOf(event, vens, reports, dueBy);
  });
  printResult(options.json, view(performance), () => text(performance));
}

/** Powers in kW and energies in kWh. */
function view({ event, vens, total }: Performance): object {
  const inKilo = ({ requestedW, deliveredW, requestedWh, deliveredWh, ...rest }: Omit<VenPerformance, 'ven'>) => ({
    requestedKw: kilo(requestedW),
    deliveredKw: kilo(deliveredW),
    requestedKwh: kilo(requestedWh),
    deliveredKwh: kilo(deliveredWh),
    ...rest,
  });
  return { event, total: inKilo(total), vens: vens.map(({ ven, ...rest }) => ({ ven, ...inKilo(rest) })) };
}

const kilo = (value: number | undefined): number | null => (value === undefined ? null : Math.round(value) / 1000);

function text({ vens, total }: Performance): string {
  if (vens.length === 0) return 'the event is for no VEN, and nobody has reported on it';
  const row = (name: string, one: Omit<VenPerformance, 'ven'>) => [
    name,
    numberText(kilo(one.requestedW)),
    numberText(kilo(one.deliveredW)),
    numberText(kilo(one.requestedWh)),
    numberText(kilo(one.deliveredWh)),
    shareText(one),
    `${one.known}/${one.expected}`,
    flags(one),
  ];
  const header = ['VEN', 'asked kW', 'given kW', 'asked kWh', 'given kWh', 'given', 'intervals', 'quality'];
  return table(header, [...vens.map((one) => row(one.ven, one)), row(`all ${vens.length}`, total)]);
}

function shareText({ requestedWh, deliveredWh }: Omit<VenPerformance, 'ven'>): string {
  if (requestedWh === undefined || deliveredWh === undefined || requestedWh === 0) return '–';
  return `${Math.round((deliveredWh / requestedWh) * 100)} %`;
}

function flags({ reported, estimated, bad, missing }: Omit<VenPerformance, 'ven'>): string {
  if (reported === 0) return 'no report';
  const parts = [estimated > 0 && `${estimated} estimated`, bad > 0 && `${bad} bad`, missing > 0 && `${missing} missing`];
  return parts.filter((part) => part !== false).join(', ') || 'ok';
}
