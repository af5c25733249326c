import { Type } from 'typebox';
import { faultSpecSchema } from '../faults/spec.js';

/** What the HTTP view speaks, for its checks and its OpenAPI document. */
const text = Type.String();
const count = Type.Integer({ minimum: 0 });
const byName = Type.Record(Type.String(), Type.Integer({ minimum: 0 }));
const values = Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean(), Type.String(), Type.Null()]), {
  description: 'by canonical name, which ends in the unit',
});

const place = Type.Union([
  Type.Object({
    protocol: Type.Literal('MODBUSTCP'),
    profile: text,
    host: text,
    port: Type.Integer(),
    unitId: Type.Integer(),
  }),
  Type.Object({ protocol: Type.Literal('MQTT'), profile: text, host: text, port: Type.Integer(), topic: text }),
  Type.Null(),
]);

const summary = {
  resourceId: text,
  name: text,
  ven: text,
  type: text,
  subType: text,
  meterPointId: text,
  meter: place,
  controller: place,
};

export const Device = Type.Object(summary);
export const Reading = Type.Object({
  ...summary,
  at: Type.String({ format: 'date-time', description: 'simulated time' }),
  measurement: values,
  control: values,
});
export const DevicePage = Type.Object({ total: count, offset: count, devices: Type.Array(Device) });

export const DeviceQuery = Type.Object(
  {
    ven: Type.Optional(text),
    subType: Type.Optional(text),
    protocol: Type.Optional(Type.Enum(['MODBUSTCP', 'MQTT'])),
    offset: Type.Integer({ minimum: 0, default: 0 }),
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 50 }),
  },
  { additionalProperties: false },
);

export const Control = Type.Object(
  {
    limitW: Type.Optional(Type.Number({ description: 'flex-controller' })),
    limitActive: Type.Optional(Type.Boolean({ description: 'flex-controller' })),
    limitValidForS: Type.Optional(Type.Number()),
    limitA: Type.Optional(Type.Number({ description: 'charger, per phase' })),
    phasesInUse: Type.Optional(Type.Enum([1, 3], { description: 'charger' })),
    chargerStopped: Type.Optional(Type.Boolean({ description: 'charger' })),
  },
  { additionalProperties: false, minProperties: 1, description: 'what is absent stays as it is' },
);

export const FaultSpec = faultSpecSchema;
export const Fault = Type.Object({
  id: Type.Integer(),
  spec: Type.Any(),
  since: Type.String({ format: 'date-time' }),
  until: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  devices: Type.Integer({ description: 'how many resources it hits' }),
});
export const FaultList = Type.Object({ faults: Type.Array(Fault) });
export const Cleared = Type.Object({ cleared: count });

const deviceCounts = Type.Object({ total: count, byProtocol: byName, byProfile: byName });
export const Stats = Type.Object({
  resources: count,
  vens: count,
  meters: deviceCounts,
  controllers: deviceCounts,
  withoutDevice: count,
  clock: Type.Object({ now: text, speed: Type.Number(), seed: text }),
  modbus: Type.Object({
    gateways: count,
    units: count,
    clients: count,
    requests: count,
    exceptions: count,
    malformed: count,
    turnedAway: count,
  }),
  mqtt: Type.Object({
    connected: Type.Boolean(),
    clients: Type.Union([count, Type.Null()]),
    published: count,
    received: count,
    failed: count,
  }),
  faults: count,
  memory: Type.Object({ rssBytes: count }),
});

export const Problem = Type.Object({
  code: Type.String({ description: 'stable' }),
  message: text,
  hint: Type.Optional(text),
  details: Type.Optional(Type.Array(text)),
});
