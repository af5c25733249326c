import { z } from 'zod';
import { faultSpecSchema } from '../faults/spec.js';

/** What the HTTP view speaks, as JSON schemas: for its checks and its OpenAPI document. */
const text = z.string();
const count = z.int().min(0);
const byName = z.record(text, count);
const instantText = z.iso.datetime();
const values = z
  .record(text, z.union([z.number(), z.boolean(), text, z.null()]))
  .describe('by canonical name, which ends in the unit');

const place = z.union([
  z.object({ protocol: z.literal('MODBUSTCP'), profile: text, host: text, port: z.int(), unitId: z.int() }),
  z.object({ protocol: z.literal('MQTT'), profile: text, host: text, port: z.int(), topic: text }),
  z.null(),
]);

const device = z.object({
  resourceId: text,
  name: text,
  ven: text,
  type: text,
  subType: text,
  meterPointId: text,
  meter: place,
  controller: place,
});

export const Reading = answer(
  device.extend({ at: instantText.describe('simulated time'), measurement: values, control: values }),
);
export const DevicePage = answer(z.object({ total: count, offset: count, devices: z.array(device) }));

export const DeviceQuery = request(
  z.strictObject({
    ven: text.optional(),
    subType: text.optional(),
    protocol: z.enum(['MODBUSTCP', 'MQTT']).optional(),
    offset: count.default(0),
    limit: z.int().min(1).max(1000).default(50),
  }),
);

export const Control = {
  ...request(
    z
      .strictObject({
        limitW: z.number().optional().describe('flex-controller'),
        limitActive: z.boolean().optional().describe('flex-controller'),
        limitValidForS: z.number().optional(),
        limitA: z.number().optional().describe('charger, per phase'),
        phasesInUse: z
          .union([z.literal(1), z.literal(3)])
          .optional()
          .describe('charger'),
        chargerStopped: z.boolean().optional().describe('charger'),
      })
      .describe('what is absent stays as it is'),
  ),
  minProperties: 1,
};

export const FaultSpec = request(faultSpecSchema);
const fault = z.object({
  id: z.int(),
  spec: z.unknown(),
  since: instantText,
  until: instantText.nullable(),
  devices: count.describe('how many resources it hits'),
});
export const Fault = answer(fault);
export const FaultList = answer(z.object({ faults: z.array(fault) }));
export const Cleared = answer(z.object({ cleared: count }));

const deviceCounts = z.object({ total: count, byProtocol: byName, byProfile: byName });
export const Stats = answer(
  z.object({
    resources: count,
    vens: count,
    meters: deviceCounts,
    controllers: deviceCounts,
    withoutDevice: count,
    clock: z.object({ now: text, speed: z.number(), seed: text }),
    modbus: z.object({
      gateways: count,
      units: count,
      clients: count,
      requests: count,
      exceptions: count,
      malformed: count,
      turnedAway: count,
    }),
    mqtt: z.object({ connected: z.boolean(), clients: count.nullable(), published: count, received: count, failed: count }),
    faults: count,
    memory: z.object({ rssBytes: count }),
  }),
);

export const Problem = answer(
  z.object({ code: text.describe('stable'), message: text, hint: text.optional(), details: z.array(text).optional() }),
);

function request(schema: z.ZodType): object {
  return jsonSchema(schema, 'input');
}

function answer(schema: z.ZodType): object {
  return jsonSchema(schema, 'output');
}

/** Without the version of JSON Schema, which an OpenAPI document says once for all. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io });
  return json;
}
