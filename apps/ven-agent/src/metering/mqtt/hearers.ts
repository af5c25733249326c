import { expandTopic, type MqttProfile, matchTopic, type SpokenTopic, spokenTopics } from '@venfleet/devices';
import type { Subscription } from './link.js';

/** Those whose devices have one profile. */
interface Group<L> {
  readonly spoken: readonly SpokenTopic[];
  readonly byTopic: Map<string, L>;
  readonly byClient: Map<string, L>;
}

/**
 * Who hears what comes on a topic. Known by the base topics of the devices and their profiles' templates: five topics
 * for each device of a fleet would be 7 MB.
 */
export class Hearers<L> {
  readonly #groups = new Map<MqttProfile, Group<L>>();

  /**
   * @param topic base topic of a device, of which there is one hearer
   * @param client begins the topic of the answers to its queries; without it none are heard
   */
  add(hearer: L, profile: MqttProfile, topic: string, client?: string): void {
    const group = this.#groups.get(profile) ?? { spoken: spokenTopics(profile), byTopic: new Map(), byClient: new Map() };
    this.#groups.set(profile, group);
    group.byTopic.set(topic, hearer);
    if (client !== undefined) group.byClient.set(client, hearer);
  }

  /** All topics on which somebody hears. */
  *subscriptions(): Generator<Subscription> {
    for (const { spoken, byTopic, byClient } of this.#groups.values()) {
      for (const { template, qos } of spoken) {
        const isAnswer = template.includes('{client}');
        for (const value of (isAnswer ? byClient : byTopic).keys()) {
          yield { topic: expandTopic(template, isAnswer ? { client: value } : { topic: value }), qos };
        }
      }
    }
  }

  /** Those who hear on `topic`, each with what is said there. */
  *on(topic: string): Generator<{ readonly hearer: L; readonly spoken: SpokenTopic }> {
    for (const { spoken: all, byTopic, byClient } of this.#groups.values()) {
      for (const spoken of all) {
        const value = matchTopic(spoken.template, topic);
        const hearer = value === undefined ? undefined : (spoken.template.includes('{client}') ? byClient : byTopic).get(value);
        if (hearer !== undefined) yield { hearer, spoken };
      }
    }
  }
}
