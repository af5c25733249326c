import { z } from 'zod';
import { profileFields } from './common-schema.js';
import { type Finding, namesIn, soundEntries } from './findings.js';
import { checkModbus } from './modbus-checks.js';
import { modbusProfileSchema } from './modbus-schema.js';
import { checkMqtt } from './mqtt-checks.js';
import { mqttProfileSchema } from './mqtt-schema.js';
import { resolveModbus } from './resolve-modbus.js';
import { resolveMqtt } from './resolve-mqtt.js';
import type { DeviceProfile } from './types.js';

const unionSchema = z.discriminatedUnion('kind', [modbusProfileSchema, mqttProfileSchema]);
const modbusShape = modbusProfileSchema.shape;
const mqttShape = mqttProfileSchema.shape;
const derivedShape = profileFields.derived.unwrap().element;

/**
 * The schema of a profile file. It reports every mistake at once: those of single entries, and those
 * between the entries that make sense by themselves.
 * @param furtherCheck what to hold against a sound profile besides, such as its id being free.
 */
export function profileSchema(furtherCheck: (profile: DeviceProfile) => Finding[] = () => []): z.ZodType<DeviceProfile> {
  return z.unknown().transform((raw, ctx): DeviceProfile => {
    const parsed = unionSchema.safeParse(raw);
    if (!parsed.success)
      ctx.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: raw }) as z.core.$ZodRawIssue));
    const report = (findings: readonly Finding[]) => {
      for (const { path, reason } of findings) ctx.issues.push({ code: 'custom', path: [...path], message: reason, input: raw });
    };
    report(crossCheck(raw));
    if (!parsed.success || ctx.issues.length > 0) return z.NEVER;
    const profile = parsed.data.kind === 'modbus' ? resolveModbus(parsed.data) : resolveMqtt(parsed.data);
    report(furtherCheck(profile));
    return profile;
  });
}

function crossCheck(raw: unknown): Finding[] {
  if (typeof raw !== 'object' || raw === null) return [];
  const file = raw as Record<string, unknown>;
  const derived = soundEntries(file.derived, derivedShape);
  const names = { pointNames: namesIn(file.points), controlNames: namesIn(file.controls) };
  if (file.kind === 'modbus') {
    return checkModbus({
      ...names,
      points: soundEntries(file.points, modbusShape.points.element),
      controls: soundEntries(file.controls, modbusShape.controls.unwrap().element),
      derived,
      transport: modbusShape.transport.safeParse(file.transport).data,
      sunspec: modbusShape.sunspec.safeParse(file.sunspec).data,
      probe: modbusShape.probe.safeParse(file.probe).data,
    });
  }
  if (file.kind !== 'mqtt') return [];
  return checkMqtt({
    ...names,
    messageNames: namesIn(file.messages),
    messages: soundEntries(file.messages, mqttShape.messages.element),
    points: soundEntries(file.points, mqttShape.points.element),
    queries: soundEntries(file.queries, mqttShape.queries.unwrap().element),
    controls: soundEntries(file.controls, mqttShape.controls.unwrap().element),
    derived,
    hasCommand: file.command !== undefined,
  });
}
