import { type Instant, instant } from '@venfleet/core';
import type { PointValue, Values } from '@venfleet/devices';
import type { MqttSubject } from '../mqtt/mqtt-device.js';
import type { DeviceRole } from './modbus-device.js';
import type { SimSite } from './sim-site.js';

/** A site as its MQTT meter or its MQTT controller has it. */
export class MqttSite implements MqttSubject {
  readonly #site: SimSite;
  readonly #role: DeviceRole;

  constructor(site: SimSite, role: DeviceRole) {
    this.#site = site;
    this.#role = role;
  }

  get resourceId(): string {
    return this.#site.resource.resourceId;
  }

  get countsSince(): Instant {
    return this.#site.countsSince;
  }

  get start(): { readonly at: Instant; readonly energyWh: number } {
    return this.#site.start;
  }

  read(now: Instant): Values {
    return this.#role === 'meter' ? this.#site.meter(now) : this.#site.control(now);
  }

  write(values: Readonly<Record<string, PointValue>>, now: Instant): void {
    this.#site.write(values, now);
  }

  isOnline(): boolean {
    return this.#site.faults.current('offline') === undefined;
  }

  ownTime(now: Instant): Instant {
    return instant(now + 1000 * (this.#site.faults.current('clock-skew')?.spec.skewS ?? 0));
  }
}
