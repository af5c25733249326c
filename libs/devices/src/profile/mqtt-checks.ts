import { quantityOf } from '../quantities.js';
import { checkControl, checkDerived, checkUnit } from './common-checks.js';
import type { Derived } from './common-schema.js';
import { duplicates, type Entry, type Finding } from './findings.js';
import type { MqttControlFile, MqttMessageFile, MqttPointFile, MqttQuery } from './mqtt-schema.js';

/** The parts of an MQTT profile that make sense by themselves. */
export interface MqttParts {
  readonly messages: readonly Entry<MqttMessageFile>[];
  readonly points: readonly Entry<MqttPointFile>[];
  readonly queries: readonly Entry<MqttQuery>[];
  readonly controls: readonly Entry<MqttControlFile>[];
  readonly derived: readonly Entry<Derived>[];
  readonly hasCommand: boolean;
  readonly messageNames: ReadonlySet<string>;
  readonly pointNames: ReadonlySet<string>;
  readonly controlNames: ReadonlySet<string>;
}

/** What the entries of a profile owe each other. */
export function checkMqtt(parts: MqttParts): Finding[] {
  const readable = new Set([...parts.pointNames, ...parts.derived.map(({ value }) => value.name)]);
  return [
    ...duplicates('points', parts.points, 'name', (p) => p.name),
    ...duplicates('points', parts.points, 'path', (p) => `${p.path}${p.phase === undefined ? '' : ` phase ${p.phase}`}`),
    ...duplicates('messages', parts.messages, 'name', (m) => m.name),
    ...duplicates('messages', parts.messages, 'topic', (m) => m.topic),
    ...duplicates('queries', parts.queries, 'name', (q) => q.name),
    ...duplicates('controls', parts.controls, 'name', (c) => c.name),
    ...duplicates('controls', parts.controls, 'path', (c) => c.path),
    ...parts.points.flatMap((entry) => checkPoint(entry, parts.messages)),
    ...parts.queries.flatMap(({ index, value }) =>
      parts.messageNames.has(value.answer)
        ? []
        : [{ path: ['queries', index, 'answer'], reason: `no message is called ${value.answer}` }],
    ),
    ...parts.controls.flatMap((entry) => checkWritable(entry, readable, parts.controlNames, parts.hasCommand)),
    ...(parts.hasCommand && parts.controlNames.size === 0
      ? [{ path: ['command'], reason: 'there are no controls to send' }]
      : []),
    ...checkDerived(parts.derived, parts.pointNames),
  ];
}

function checkPoint({ index, value }: Entry<MqttPointFile>, messages: readonly Entry<MqttMessageFile>[]): Finding[] {
  const found: Finding[] = [];
  const add = (field: string, reason: string) => found.push({ path: ['points', index, field], reason });
  const unit = checkUnit(value);
  if (unit !== undefined) add(value.unit === undefined ? 'name' : 'unit', unit);
  const numeric = quantityOf(value.name)?.kind === 'number';
  if (value.monotonic && !numeric) add('monotonic', 'only a canonical number can be monotonic');
  if (value.phase !== undefined && !numeric) add('phase', 'only a canonical number has phases');
  if (messages.length > 0 && !messages.some(({ value: m }) => m.into === undefined || value.path.startsWith(`${m.into}.`))) {
    add('path', `no message brings ${value.path}`);
  }
  return found;
}

function checkWritable(
  { index, value }: Entry<MqttControlFile>,
  points: ReadonlySet<string>,
  controls: ReadonlySet<string>,
  hasCommand: boolean,
): Finding[] {
  const flaws = checkControl(value, quantityOf(value.name)?.kind === 'number', points, controls);
  const unit = checkUnit(value);
  if (unit !== undefined) flaws.push({ field: value.unit === undefined ? 'name' : 'unit', reason: unit });
  if (!hasCommand) flaws.push({ field: 'name', reason: 'a control needs command: the topic it is sent to' });
  return flaws.map(({ field, reason }) => ({ path: ['controls', index, field], reason }));
}
