import { inputsOf, type MqttProfile } from '@venfleet/devices';
import { READING_VALUES } from '../meter.js';

const known = new WeakMap<MqttProfile, MqttProfile>();

/**
 * A meter's profile with nothing in its messages but what readings are made of: a three-phase meter tells ten times as
 * much, which need not be decoded, nor remembered for each device.
 */
export function readingPart(profile: MqttProfile): MqttProfile {
  const part = known.get(profile) ?? makePart(profile);
  known.set(profile, part);
  return part;
}

function makePart(profile: MqttProfile): MqttProfile {
  const wanted = new Set<string>(READING_VALUES);
  // A formula may need what another one gives, which stands before it.
  const derived = profile.derived.toReversed().filter((formula) => {
    if (!wanted.has(formula.name)) return false;
    for (const name of inputsOf(formula)) wanted.add(name);
    return true;
  });
  const messages = [...profile.messages].map(([name, message]) => {
    const fields = message.fields.flatMap((field) => {
      const points = field.points.filter((point) => wanted.has(point.name));
      return points.length === 0 ? [] : [{ ...field, points }];
    });
    return [name, { ...message, fields }] as const;
  });
  return { ...profile, derived: derived.reverse(), messages: new Map(messages) };
}
