import { VenfleetError } from '@venfleet/core';
import type { MqttProfile } from '../profile/types.js';

/** What fills the templates of a device: its base topic, and the asker's reply prefix (one a device). */
export interface TopicParameters {
  readonly topic: string;
  readonly client?: string | undefined;
}

/** What comes on a topic, and whose it is by the placeholder's value. */
export interface TopicMeaning {
  readonly kind: 'availability' | 'message' | 'query' | 'command';
  /** Of the message; a query is known by its payload. */
  readonly name: string | undefined;
  readonly template: string;
  readonly placeholder: 'topic' | 'client';
  readonly value: string;
}

/** MQTT 5.0 §4.7.3: at most 65,535 bytes. */
const MAX_TOPIC_BYTES = 0xffff;

/**
 * A topic template with its placeholder filled in.
 * @throws VenfleetError TOPIC_INVALID for a value that is missing, empty, or would match more than itself.
 */
export function expandTopic(template: string, parameters: Partial<TopicParameters>): string {
  const topic = template.replace(/\{(topic|client)\}/, (_, name: 'topic' | 'client') => {
    const value = parameters[name];
    if (value === undefined || value === '') throw invalidTopic(template, `{${name}} is not given`);
    if (/[+#\0]/.test(value)) throw invalidTopic(template, `{${name}} must not contain + or #: ${JSON.stringify(value)}`);
    return value;
  });
  if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) throw invalidTopic(template, 'it is too long');
  return topic;
}

function invalidTopic(template: string, reason: string): VenfleetError {
  return new VenfleetError('TOPIC_INVALID', `the topic ${template} cannot be filled in: ${reason}`, { context: { template } });
}

/** The inverse of {@link expandTopic}: what stands in the placeholder's place; undefined for another topic. */
export function matchTopic(template: string, topic: string): string | undefined {
  const [before, after] = partsOf(template);
  const fits = topic.length > before.length + after.length && topic.startsWith(before) && topic.endsWith(after);
  return fits ? topic.slice(before.length, topic.length - after.length) : undefined;
}

/** Templates are few, and messages many. */
const knownParts = new Map<string, readonly [before: string, after: string]>();

function partsOf(template: string): readonly [before: string, after: string] {
  let parts = knownParts.get(template);
  if (parts === undefined) {
    const [before = '', after = ''] = template.split(/\{(?:topic|client)\}/);
    parts = [before, after];
    knownParts.set(template, parts);
  }
  return parts;
}

/** The topics that an agent subscribes to for one device; answers to queries only with `client` given. */
export function subscriptionsFor(profile: MqttProfile, parameters: TopicParameters): string[] {
  return spokenTopics(profile)
    .map(({ template }) => template)
    .filter((template) => parameters.client !== undefined || !template.includes('{client}'))
    .map((template) => expandTopic(template, parameters));
}

/** The topics that a device itself subscribes to. */
export function deviceSubscriptionsFor(profile: MqttProfile, topic: string): string[] {
  return [...new Set(heardTopics(profile).map(({ template }) => expandTopic(template, { topic })))];
}

/** What a device says on `topic`, as an agent hears it. */
export function identifySpoken(profile: MqttProfile, topic: string): TopicMeaning | undefined {
  return mostSpecific(spokenTopics(profile), topic);
}

/** What is said to a device on `topic`. */
export function identifyHeard(profile: MqttProfile, topic: string): TopicMeaning | undefined {
  return mostSpecific(heardTopics(profile), topic);
}

type Candidate = Pick<TopicMeaning, 'kind' | 'name' | 'template'>;

/** A topic on which a device speaks. */
export interface SpokenTopic {
  readonly kind: 'availability' | 'message';
  /** Of the message. */
  readonly name: string | undefined;
  readonly template: string;
  readonly qos: 0 | 1 | 2;
}

export function spokenTopics({ availability, messages }: MqttProfile): SpokenTopic[] {
  return [
    { kind: 'availability', name: undefined, template: availability.topic, qos: availability.qos },
    ...[...messages.values()].map(({ name, topic, qos }) => ({ kind: 'message' as const, name, template: topic, qos })),
  ];
}

function heardTopics({ queries, command }: MqttProfile): Candidate[] {
  return [
    ...[...queries.values()].map(({ topic }) => ({ kind: 'query' as const, name: undefined, template: topic })),
    ...(command === undefined ? [] : [{ kind: 'command' as const, name: undefined, template: command.topic }]),
  ];
}

/** A placeholder may hold slashes, so several templates may fit: the one that leaves it the least is meant. */
function mostSpecific(candidates: readonly Candidate[], topic: string): TopicMeaning | undefined {
  let best: TopicMeaning | undefined;
  for (const candidate of candidates) {
    const value = matchTopic(candidate.template, topic);
    if (value === undefined || (best !== undefined && value.length >= best.value.length)) continue;
    const { kind, name, template } = candidate;
    best = { kind, name, template, placeholder: template.includes('{topic}') ? 'topic' : 'client', value };
  }
  return best;
}
