import {
  type Clock,
  type Duration,
  type Logger,
  milliseconds,
  minutes,
  type Random,
  seconds,
  VenfleetError,
} from '@venfleet/core';
import { type BlockReply, decodeReplies, type ReadBlock } from '@venfleet/devices';
import type { Sample } from '../meter.js';
import type { ModbusPlace } from '../plan.js';
import { type DeviceLayout, isMisfit, type Layouts, type ReadRegisters } from './layout.js';

/** How often slow points are read. */
const SLOW_PERIOD = minutes(1);
/** The rest of a dead device doubles from its reading interval up to that. */
const LONGEST_REST = minutes(5);
const SHORTEST_REST = seconds(1);
/** After so many failures another device may stand in its place: it is looked at anew. */
const FORGET_AFTER = 3;

/** One device behind a gateway: what is known of it, and when it may be asked again. */
export class ModbusUnit {
  readonly place: ModbusPlace;
  readonly #layouts: Layouts;
  readonly #ports: { readonly clock: Clock; readonly random: Random; readonly logger: Logger };
  #layout: DeviceLayout | undefined;
  #nextSlow = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #lastError: VenfleetError | undefined;

  constructor(place: ModbusPlace, layouts: Layouts, ports: { clock: Clock; random: Random; logger: Logger }) {
    this.place = place;
    this.#layouts = layouts;
    this.#ports = ports;
  }

  /** It did not answer the last time it was asked. */
  get isSuspect(): boolean {
    return this.#failures > 0;
  }

  /** The device's own time-out. */
  get timeout(): Duration {
    return milliseconds(this.place.profile.transport.timeoutMs);
  }

  /** @throws VenfleetError METER_RESTING while the device is left alone after failures */
  refuseWhileResting(): void {
    const left = this.#restsUntil - this.#ports.clock.monotonic();
    if (left <= 0) return;
    throw new VenfleetError(
      'METER_RESTING',
      `left alone for ${Math.ceil(left / 1000)} s more after ${this.#failures} failures, the last one: ${this.#lastError?.message}`,
      { context: { failures: this.#failures, reason: this.#lastError?.code } },
    );
  }

  /** @throws what `read` and the decoding throw; {@link failed} is for the caller to say */
  async perform(read: ReadRegisters): Promise<Sample> {
    this.#layout ??= await this.#meet(read);
    const { profile, fast, slow } = this.#layout;
    const now = this.#ports.clock.monotonic();
    const withSlow = slow.length > 0 && now >= this.#nextSlow;
    const replies = await readAll(withSlow ? [...fast, ...slow] : fast, read);
    const sample = { at: this.#ports.clock.now(), values: decodeReplies(profile, replies) };
    if (withSlow) this.#nextSlow = now + SLOW_PERIOD;
    return sample;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#lastError = undefined;
  }

  /** Leaves the device alone for a while that doubles with each failure, half of it by chance. */
  failed(error: VenfleetError): void {
    this.#failures++;
    this.#lastError = error;
    if (this.#failures >= FORGET_AFTER || isMisfit(error)) this.#layout = undefined;
    const base = Math.max(SHORTEST_REST, this.place.resource.readInterval);
    const rest = Math.min(Math.max(LONGEST_REST, base), base * 2 ** Math.min(this.#failures - 1, 30));
    this.#restsUntil = this.#ports.clock.monotonic() + rest * (0.5 + this.#ports.random.next() / 2);
  }

  /** What kept it silent is over: it may be asked at once. */
  wake(): void {
    this.#restsUntil = Number.NEGATIVE_INFINITY;
  }

  /** First contact: is it the right device, where are its values, who is it? */
  async #meet(read: ReadRegisters): Promise<DeviceLayout> {
    const { resource, profile, unitId } = this.place;
    const layout = await this.#layouts.discover(profile, read);
    const replies = await readAll(layout.once, read);
    this.#ports.logger.debug(
      {
        resource: resource.resourceId,
        unitId,
        profile: profile.id,
        ...decodeReplies({ ...layout.profile, derived: [] }, replies),
      },
      'meter found',
    );
    return layout;
  }
}

async function readAll(blocks: readonly ReadBlock[], read: ReadRegisters): Promise<BlockReply[]> {
  const replies: BlockReply[] = [];
  for (const block of blocks) replies.push({ block, data: await read(block) });
  return replies;
}
