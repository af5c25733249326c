import { z } from 'zod';
import { controlFields, initialValue, pointFields, profileFields } from './common-schema.js';

/** Placeholders that a topic template may use: the device's base topic, and the asker's reply prefix. */
export const TOPIC_PLACEHOLDERS = ['topic', 'client'] as const;

export const topicTemplate = z
  .string()
  .min(1)
  .superRefine((template, ctx) => {
    const known: readonly string[] = TOPIC_PLACEHOLDERS;
    for (const [, name = ''] of template.matchAll(/\{([^{}]*)\}/g)) {
      if (!known.includes(name)) ctx.addIssue(`unknown placeholder {${name}}; known are {topic} and {client}`);
    }
    const literal = template.replaceAll(/\{[^{}]*\}/g, '');
    if (/[{}]/.test(literal)) ctx.addIssue('has a brace without its partner');
    if (/[+#\0]/.test(literal)) ctx.addIssue('must not contain + or #: it names one topic');
    if ((template.match(/\{/g) ?? []).length !== 1)
      ctx.addIssue('must have exactly one placeholder, so that a topic tells whose it is');
  });

/** What payload templates may say besides: an asker's message number, the device's own name, times. */
export const PAYLOAD_PLACEHOLDERS = [...TOPIC_PLACEHOLDERS, 'id', 'device', 'time', 'ts'] as const;

const qos = z.union([z.literal(0), z.literal(1), z.literal(2)], 'must be 0, 1 or 2').default(0);
/** JSON whose texts may hold placeholders; one that is a placeholder alone takes the parameter's own type. */
const jsonTemplate = z.json().superRefine((value, ctx) => {
  const known: readonly string[] = PAYLOAD_PLACEHOLDERS;
  for (const [, name = ''] of JSON.stringify(value).matchAll(/\{([A-Za-z]+)\}/g)) {
    if (!known.includes(name)) ctx.addIssue(`unknown placeholder {${name}}; known are ${known.map((k) => `{${k}}`).join(', ')}`);
  }
});

/** Steps into JSON, joined by dots: `em:0.a_act_power`. */
const jsonPath = z.string().regex(/^[^.]+(\.[^.]+)*$/, 'must be keys joined by dots');

const availabilitySchema = z.strictObject({
  topic: topicTemplate,
  qos,
  /** Payloads that mean it; the first one is published. */
  online: z.array(z.string().min(1)).min(1),
  offline: z.array(z.string().min(1)).min(1),
});

const messageSchema = z.strictObject({
  name: z.string().min(1),
  topic: topicTemplate,
  qos,
  retain: z.boolean().default(false),
  /** Where in the payload the values lie; the whole payload unless given. */
  select: jsonPath.optional(),
  /** Where in the device's status the selected part belongs; the top unless given. */
  into: jsonPath.optional(),
  /** Only what changed is in it: lay it over what is known. Otherwise what is missing is unknown. */
  partial: z.boolean().default(false),
  /** Top-level texts that must be there, else the message is about something else. */
  where: z.record(z.string(), z.string()).default({}),
  /** What the payload has besides the values; `{placeholder}` texts are filled in when it is sent. */
  template: z.record(z.string(), jsonTemplate).default({}),
});

const mqttPointSchema = z.strictObject({
  ...pointFields,
  path: jsonPath,
  /** The value is an array by phase on multi-phase devices, a plain number on others: this one phase, or the sum. */
  phase: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal('sum')], "must be 1, 2, 3 or 'sum'").optional(),
  /** Digits after the point that the device sends. */
  decimals: z.int().min(0).max(9).optional(),
  initial: initialValue.optional(),
});

const querySchema = z.strictObject({
  name: z.string().min(1),
  topic: topicTemplate,
  qos,
  /** A text that is sent as it is, or a JSON template. */
  payload: z.union([z.string(), z.record(z.string(), jsonTemplate)], 'must be a text or a JSON object'),
  /** The message that answers. */
  answer: z.string(),
});

const mqttControlSchema = z.strictObject({ ...controlFields, path: jsonPath });

export const mqttProfileSchema = z.strictObject({
  ...profileFields,
  kind: z.literal('mqtt'),
  availability: availabilitySchema,
  messages: z.array(messageSchema).min(1),
  points: z.array(mqttPointSchema).min(1),
  queries: z.array(querySchema).default([]),
  command: z.strictObject({ topic: topicTemplate, qos, retain: z.boolean().default(false) }).optional(),
  controls: z.array(mqttControlSchema).default([]),
  /** How long after the last message a value still counts as fresh. */
  staleAfterS: z.number().positive(),
});

export type MqttProfileFile = z.infer<typeof mqttProfileSchema>;
export type MqttMessageFile = z.infer<typeof messageSchema>;
export type MqttPointFile = z.infer<typeof mqttPointSchema>;
export type MqttControlFile = z.infer<typeof mqttControlSchema>;
export type MqttQuery = z.infer<typeof querySchema>;
export type JsonValue = z.infer<ReturnType<typeof z.json>>;
