import { VenfleetError } from '@venfleet/core';
import type { DeviceProfile, ModbusProfile, MqttProfile } from './types.js';

/**
 * Profiles by id. One id may name a device that speaks both Modbus and MQTT (flex-controller); the
 * connection's own type then says which one is meant.
 */
export class ProfileCatalog {
  readonly #byKey: ReadonlyMap<string, DeviceProfile>;

  constructor(profiles: Iterable<DeviceProfile>) {
    this.#byKey = new Map([...profiles].map((p) => [`${p.kind} ${p.id}`, p]));
  }

  /** In the order of kind and id. */
  get all(): readonly DeviceProfile[] {
    return [...this.#byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, profile]) => profile);
  }

  /** @throws VenfleetError PROFILE_UNKNOWN, naming those that there are. */
  modbus(id: string): ModbusProfile {
    return this.#get('modbus', id) as ModbusProfile;
  }

  /** @throws VenfleetError PROFILE_UNKNOWN, naming those that there are. */
  mqtt(id: string): MqttProfile {
    return this.#get('mqtt', id) as MqttProfile;
  }

  #get(kind: DeviceProfile['kind'], id: string): DeviceProfile {
    const profile = this.#byKey.get(`${kind} ${id}`);
    if (profile !== undefined) return profile;
    const known = this.all.filter((p) => p.kind === kind).map((p) => p.id);
    throw new VenfleetError('PROFILE_UNKNOWN', `there is no ${kind} device profile "${id}"`, {
      context: { kind, id },
      hint: known.length === 0 ? 'add one to the directory of device profiles' : `use one of ${known.join(', ')}`,
    });
  }
}
