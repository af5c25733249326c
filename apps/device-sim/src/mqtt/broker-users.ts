import { createHash, timingSafeEqual } from 'node:crypto';

/** A login of the broker, and the topic prefixes below which it may publish. */
export interface BrokerUser {
  readonly name: string;
  readonly password: string;
  readonly prefixes: readonly string[];
}

/** Who may log in at the embedded broker, and publish what: nobody speaks for another's device. */
export class BrokerUsers {
  readonly #users = new Map<string, { readonly digest: Buffer; readonly prefixes: ReadonlySet<string> }>();
  readonly #admitted = new WeakMap<object, string>();

  constructor(users: Iterable<BrokerUser>) {
    for (const { name, password, prefixes } of users) {
      this.#users.set(name, { digest: digestOf(password), prefixes: new Set(prefixes) });
    }
  }

  accepts(name: string, password: Uint8Array | undefined): boolean {
    const user = this.#users.get(name);
    const given = digestOf(password ?? '');
    // Compared in the same time whether or not there is such a user.
    return timingSafeEqual(given, user?.digest ?? digestOf('')) && user !== undefined && password !== undefined;
  }

  /** Remembers who a connection belongs to. */
  admit(client: object, name: string): void {
    this.#admitted.set(client, name);
  }

  mayPublish(client: object, topic: string): boolean {
    const prefixes = this.#users.get(this.#admitted.get(client) ?? '')?.prefixes;
    if (prefixes === undefined) return false;
    // Each prefix ends with a slash, so there are only as many to look up as the topic has levels.
    for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) {
      if (prefixes.has(topic.slice(0, at + 1))) return true;
    }
    return false;
  }
}

function digestOf(password: string | Uint8Array): Buffer {
  return createHash('sha256').update(password).digest();
}
