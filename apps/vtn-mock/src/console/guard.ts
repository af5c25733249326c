import type { LoginWays, TokenAnswer } from '@venfleet/console-api';
import { type ConsoleGuard, ConsoleProblem, type ConsoleUser, LoginAttempts, LoginCodes } from '@venfleet/console-api/server';
import { type Clock, toSeconds } from '@venfleet/core';
import { SCOPES } from '@venfleet/openadr';
import { ANONYMOUS, type Caller, mayUse } from '../auth/caller.js';
import type { TokenAuthority } from '../auth/tokens.js';

export interface GuardOptions {
  readonly tokens: TokenAuthority;
  /** False: everybody may do everything, as with the rest of this VTN. */
  readonly auth: boolean;
  readonly tokenUrl: string;
  readonly clock: Clock;
}

/** Lets in whoever has a token of business logic of this VTN. */
export class VtnGuard implements ConsoleGuard {
  readonly #options: GuardOptions;
  readonly #codes: LoginCodes;
  readonly #attempts: LoginAttempts;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#codes = new LoginCodes(options.clock);
    this.#attempts = new LoginAttempts(options.clock);
  }

  /** A code for one login from this machine, without a secret. */
  issueCode(): string {
    return this.#codes.issue();
  }

  ways(): LoginWays {
    const { auth, tokenUrl } = this.#options;
    if (!auth) return { server: 'vtn', ways: ['none'], tokenUrl: null };
    return { server: 'vtn', ways: ['client-credentials', ...(this.#codes.isOpen ? (['code'] as const) : [])], tokenUrl };
  }

  async admit(authorization: string | undefined): Promise<ConsoleUser> {
    const { auth, tokens } = this.#options;
    if (!auth) return userOf(EVERYBODY, undefined, undefined);
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw unauthorized('this needs a token: Authorization: Bearer …');
    const admitted = await tokens.admit(token);
    if (admitted === undefined) throw unauthorized('the token is not valid here, or has expired', ', error="invalid_token"');
    const { caller, expires } = admitted;
    if (caller.role !== 'BL') throw new ConsoleProblem(403, `the console is not for clients of the role ${caller.role}`);
    if (!mayUse(caller, 'read_all')) throw new ConsoleProblem(403, 'the console needs the scope read_all');
    return userOf(caller, token, expires);
  }

  redeem(code: string, address: string): TokenAnswer {
    const { tokens } = this.#options;
    this.#attempts.refuse(address);
    if (!this.#codes.redeem(code, address)) {
      this.#attempts.failed(address);
      throw new ConsoleProblem(401, 'this login link was used already, is too old, or was opened on another machine');
    }
    const access_token = tokens.issue({ clientId: 'console', role: 'BL', scopes: new Set(ALL) });
    return { access_token, token_type: 'Bearer', expires_in: Math.floor(toSeconds(tokens.lifetime)) };
  }
}

/** What business logic may do in either version. */
const ALL: readonly string[] = [...new Set([...SCOPES['3.0.1'].BL, ...SCOPES['3.1.0'].BL])];

/** Who everybody is where no tokens are asked for. */
export const EVERYBODY: Caller = { clientId: ANONYMOUS, role: 'BL', scopes: new Set(ALL) };

function userOf(caller: Caller, token: string | undefined, expiresAt: number | undefined): ConsoleUser {
  return {
    name: caller.clientId,
    token,
    expiresAt,
    mayWriteEvents: mayUse(caller, 'write_events'),
    // Whoever may write programs may as well break things, as at /operator/faults.
    mayMakeFaults: mayUse(caller, 'write_programs'),
  };
}

function unauthorized(detail: string, parameters = ''): ConsoleProblem {
  return new ConsoleProblem(401, detail, { headers: { 'www-authenticate': `Bearer realm="openadr"${parameters}` } });
}
