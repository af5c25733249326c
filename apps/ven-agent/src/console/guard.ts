import { createHash, timingSafeEqual } from 'node:crypto';
import type { LoginWays } from '@venfleet/console-api';
import { type ConsoleGuard, ConsoleProblem, type ConsoleUser, LoginAttempts } from '@venfleet/console-api/server';
import { type HasMonotonic, VenfleetError } from '@venfleet/core';

/** Fewer characters could be guessed. */
const SHORTEST_TOKEN = 16;

/** Lets in whoever has the operator's token, to look. */
export class OperatorGuard implements ConsoleGuard {
  readonly #hash: Buffer;
  readonly #attempts: LoginAttempts;

  /** @throws VenfleetError CONSOLE_TOKEN_SHORT */
  constructor(token: string, clock: HasMonotonic) {
    if (token.length < SHORTEST_TOKEN) {
      throw new VenfleetError('CONSOLE_TOKEN_SHORT', `the console's token has fewer than ${SHORTEST_TOKEN} characters`, {
        hint: 'make one: openssl rand -hex 24',
      });
    }
    this.#hash = hashOf(token);
    this.#attempts = new LoginAttempts(clock);
  }

  ways(): LoginWays {
    return { server: 'agent', ways: ['operator-token'], tokenUrl: null };
  }

  admit(authorization: string | undefined, address: string): ConsoleUser {
    this.#attempts.refuse(address);
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw unauthorized('this needs the operator’s token: Authorization: Bearer …');
    if (!timingSafeEqual(hashOf(token), this.#hash)) {
      this.#attempts.failed(address);
      throw unauthorized('this is not the operator’s token');
    }
    this.#attempts.succeeded(address);
    return { name: 'operator', token, expiresAt: undefined, mayWriteEvents: false, mayMakeFaults: false };
  }
}

/** Equal lengths for timingSafeEqual; a token is long, so that a plain hash is enough. */
const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

function unauthorized(detail: string): ConsoleProblem {
  return new ConsoleProblem(401, detail, { headers: { 'www-authenticate': 'Bearer realm="ven-agent"' } });
}
