import { systemClock } from '@venfleet/core';
import { type Command, Option, wholeNumber } from '@venfleet/core/node';
import { ALERTS } from '@venfleet/openadr';
import {
  parseAlert,
  parseDelay,
  parseLength,
  parseLoad,
  parsePayload,
  parsePower,
  parsePrices,
  parseReport,
  parseShare,
  parseStart,
  parseStep,
  parseTarget,
  repeatable,
} from './arguments.js';

/** What an event is to say. */
export function addDemandOptions(command: Command): Command {
  const { now } = systemClock;
  return command
    .option('--shed <PERCENT>', 'draw that part less than without the event: 30%', parseShare)
    .option('--level <0-3>', 'SIMPLE level: 0 normal, 1 moderate, 2 high, 3 emergency', wholeNumber(0, 3))
    .option('--setpoint <POWER>', 'each VEN draws so much in all: 500kW', parseLoad)
    .option('--delta <POWER>', 'each VEN draws so much more, or less, than when it begins: -200kW', parsePower)
    .option('--limit <POWER>', 'no VEN draws more: 1MW', parseLoad)
    .option('--price <LIST>', 'price of a kWh in each interval: 0.1,0.3', parsePrices)
    .option('--currency <CODE>', 'ISO 4217 code of --price (default: DKK)')
    .option('--alert <NAME[:TEXT]>', `an alert: ${Object.keys(ALERTS).join(', ')}`, parseAlert)
    .option('--payload <TYPE=VALUE>', 'anything else: GHG=120, CHARGE_STATE_SETPOINT=80; repeatable', repeatable(parsePayload))
    .option('--for <LENGTH>', 'how long it lasts: 30m (default: 1h)', parseLength)
    .option('--in <LENGTH>', 'begin so long from now', parseDelay(now))
    .option('--at <TIME>', 'begin then: now, +2m, or a time with zone (default: now)', parseStart(now))
    .option('--interval <LENGTH>', 'length of an interval, such as 15m or PT15M', parseLength)
    .option('--count <N>', 'number of intervals; 0 for an event that only asks for reports', wholeNumber(0, 100_000))
    .option('--duration <LENGTH>', '3.1: how long the event lasts, repeating its intervals; forever', parseLength)
    .option('--randomize <LENGTH>', 'each VEN begins by chance up to so much earlier or later', parseStep)
    .option('--priority <N>', '0 is highest', wholeNumber(0));
}

/** Whom an event is for, and what it asks back. */
export function addScopeOptions(command: Command): Command {
  const text = (value: string) => value;
  return command
    .option('--ven <NAME>', 'a VEN that it is for; repeatable', repeatable(text))
    .option('--target <TARGET>', 'whom it is for, a name (3.1) or TYPE=VALUE (3.0.1); repeatable', repeatable(parseTarget))
    .option(
      '--report <WHAT>',
      'a report to ask for: load:1m, baseline:1m, usage:15m, state:1m, or USAGE:SUMMED:units=KWH:every=1h; repeatable',
      repeatable(parseReport),
    )
    .addOption(new Option('--no-report', 'ask for no reports, which a change of load is settled by'))
    .option('--notify', 'wait until those who subscribed are told, and say how many');
}
