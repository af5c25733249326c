import { type DeviceProfile, type ModbusProfile, type MqttProfile, profileSchema } from '../src/index.js';

const head = { version: 1, id: 'test-device', vendor: 'Test', model: 'Device', source: { page: 'none' }, verified: 'doc' };

/** A Modbus profile out of what a test cares about. */
export function modbusProfile(parts: Record<string, unknown>): ModbusProfile {
  return profileSchema().parse({ ...head, kind: 'modbus', ...parts }) as ModbusProfile;
}

/** An MQTT profile out of what a test cares about. */
export function mqttProfile(parts: Record<string, unknown>): MqttProfile {
  return profileSchema().parse({ ...mqttHead, ...parts }) as MqttProfile;
}

const mqttHead = {
  ...head,
  kind: 'mqtt',
  staleAfterS: 60,
  availability: { topic: '{topic}/online', online: ['online'], offline: ['offline'] },
};

/** The mistakes of a profile, each as `path: reason`. */
export function mistakesOf(file: unknown): string[] {
  const parsed = profileSchema().safeParse(file);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

export function modbusMistakes(parts: Record<string, unknown>): string[] {
  return mistakesOf({ ...head, kind: 'modbus', ...parts });
}

export function mqttMistakes(parts: Record<string, unknown>): string[] {
  return mistakesOf({ ...mqttHead, ...parts });
}

export type { DeviceProfile };
