import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Duration, type HasMonotonic, minutes } from '@venfleet/core';

/** Long enough to find the link among what a start prints, too short to be found later in somebody's scroll-back. */
const LIFETIME = minutes(15);

/** The code of a login link: good for one login from this machine, soon. */
export class LoginCodes {
  readonly #clock: HasMonotonic;
  readonly #lifetime: Duration;
  #open: { readonly hash: Buffer; readonly until: number } | undefined;

  constructor(clock: HasMonotonic, lifetime: Duration = LIFETIME) {
    this.#clock = clock;
    this.#lifetime = lifetime;
  }

  /** A new code; the one before is of no use any more. */
  issue(): string {
    const code = randomBytes(32).toString('base64url');
    this.#open = { hash: hashOf(code), until: this.#clock.monotonic() + this.#lifetime };
    return code;
  }

  /** Whether there is a code that can be redeemed. */
  get isOpen(): boolean {
    return this.#open !== undefined && this.#clock.monotonic() < this.#open.until;
  }

  /**
   * Whether this is the code, which it is only once.
   * @param address of whoever shows it: only one of this machine will do
   */
  redeem(code: string, address: string): boolean {
    const open = this.#open;
    if (open === undefined || !this.isOpen || !isLoopback(address) || !timingSafeEqual(open.hash, hashOf(code))) return false;
    this.#open = undefined;
    return true;
  }
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** An address of this machine alone, IPv4-mapped ones included. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return plain === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plain);
}
