import { VenfleetError } from '@venfleet/core';
import type { MqttProfile } from '../profile/types.js';

/** What fills the templates of a device: its base topic, and the asker's reply prefix (one a device). */
export interface TopicParameters {
  readonly topic: string;
  readonly client?: string | undefined;
}

/** What a message on a topic is, and the placeholder's value: whose it is. */
export interface TopicMeaning {
  readonly kind: 'availability' | 'message' | 'query' | 'command';
  /** Of the message; a query's is known by its payload. */
  readonly name: string | undefined;
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
  const [before = '', after = ''] = template.split(/\{(?:topic|client)\}/);
  const fits = topic.length > before.length + after.length && topic.startsWith(before) && topic.endsWith(after);
  return fits ? topic.slice(before.length, topic.length - after.length) : undefined;
}

/** The topics that an agent subscribes to for one device; answers to queries only with `client` given. */
export function subscriptionsFor(profile: MqttProfile, parameters: TopicParameters): string[] {
  const templates = [profile.availability.topic, ...[...profile.messages.values()].map((m) => m.topic)];
  return templates
    .filter((template) => parameters.client !== undefined || !template.includes('{client}'))
    .map((template) => expandTopic(template, parameters));
}

/** What a topic means to devices of this profile; the most specific template wins. */
export function identifyTopic(profile: MqttProfile, topic: string): TopicMeaning | undefined {
  const { availability, messages, queries, command } = profile;
  const templates: { kind: TopicMeaning['kind']; name?: string; topic: string }[] = [
    { kind: 'availability', topic: availability.topic },
    ...[...messages.values()].map((m) => ({ kind: 'message' as const, name: m.name, topic: m.topic })),
    ...[...queries.values()].map((q) => ({ kind: 'query' as const, topic: q.topic })),
    ...(command === undefined ? [] : [{ kind: 'command' as const, topic: command.topic }]),
  ];
  let best: TopicMeaning | undefined;
  for (const template of templates) {
    const value = matchTopic(template.topic, topic);
    if (value === undefined || (best !== undefined && value.length >= best.value.length)) continue;
    const placeholder = template.topic.includes('{topic}') ? 'topic' : 'client';
    best = { kind: template.kind, name: template.name, placeholder, value };
  }
  return best;
}
