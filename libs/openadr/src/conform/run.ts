import { randomBytes } from 'node:crypto';
import { type Clock, type Duration, type Random, seconds } from '@venfleet/core';
import type { DetectedVtn } from '../client/detect.js';
import { anonymous, clientCredentialsTokens } from '../client/tokens.js';
import type { HttpTransport } from '../client/transport.js';
import type { WireVersion } from '../wire/common.js';
import { judge, type LineResult } from './judge.js';
import { Ledger } from './ledger.js';
import type { Line } from './line.js';
import { LINES } from './lines/index.js';
import { Party, type Wire } from './party.js';
import type { Receiver } from './receiver.js';
import { Redactor } from './redact.js';
import { type Credentials, TokenDesk } from './token-desk.js';
import { type Cast, type Setting, Trial } from './trial.js';

/** Longest that the deletion of one line's objects may take. */
const CLEANING = seconds(60);

export interface ConformOptions {
  readonly vtn: DetectedVtn;
  /** Business logic; without, it goes without a token. */
  readonly bl?: Credentials | undefined;
  readonly ven?: Credentials | undefined;
  readonly otherVen?: Credentials | undefined;
  /** Carries requests until they are answered: a signal of its own would end the cleaning, too. */
  readonly transport: HttpTransport;
  /** Started. */
  readonly receiver: Receiver;
  /** Which lines; all of the version by default. */
  readonly lines?: ((line: number) => boolean) | undefined;
  /** How long a notification may take. */
  readonly patience: Duration;
  /** How long to wait for a notification that must not come. */
  readonly grace: Duration;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the run; what it made is deleted all the same. */
  readonly signal: AbortSignal;
  readonly onLine?: (result: LineResult) => void;
}

export interface ConformResult {
  readonly url: string;
  readonly version: WireVersion;
  readonly lines: readonly LineResult[];
  /** Paths of objects of this run that could not be deleted. */
  readonly leftBehind: readonly string[];
  /** Whether it was ended before all lines were checked. */
  readonly interrupted: boolean;
}

/** The lines that a version has. */
export const linesOf = (version: WireVersion): readonly Line[] => LINES.filter(({ versions }) => versions.includes(version));

/**
 * Checks a VTN line by line, over its API alone. Each line makes the objects it needs and deletes them.
 * @throws VtnError where one of the clients gets no token; whatever else the VTN does wrong is a result
 */
export async function checkConformance(options: ConformOptions): Promise<ConformResult> {
  return await new Run(options).run();
}

class Run {
  readonly #options: ConformOptions;
  readonly #ledger = new Ledger();
  readonly #redactor = new Redactor();
  /** No foreign object has it in its name. */
  readonly #prefix = `conform-${randomBytes(5).toString('hex')}`;
  readonly #setting: Setting;
  readonly #leftBehind: string[] = [];

  constructor(options: ConformOptions) {
    this.#options = options;
    for (const party of [options.bl, options.ven, options.otherVen])
      if (party !== undefined) this.#redactor.add(party.clientSecret);
    this.#setting = this.#makeSetting();
  }

  async run(): Promise<ConformResult> {
    const { vtn, signal, lines: wanted = () => true, onLine } = this.#options;
    const results: LineResult[] = [];
    for (const party of this.#parties) await party.logIn();
    for (const line of linesOf(vtn.version)) {
      if (signal.aborted) break;
      if (!wanted(line.number)) continue;
      const result = await this.#check(line);
      await this.#clean();
      if (result === undefined) break;
      results.push(result);
      onLine?.(result);
    }
    return { url: vtn.baseUrl, version: vtn.version, lines: results, leftBehind: this.#leftBehind, interrupted: signal.aborted };
  }

  async #check(line: Line): Promise<LineResult | undefined> {
    const { clock, signal } = this.#options;
    const trial = new Trial(this.#setting);
    const { number, title } = line;
    return await judge({ number, title, notes: trial.notes, clock, redactor: this.#redactor, signal }, () => line.check(trial));
  }

  async #clean(): Promise<void> {
    const end = new AbortController();
    const { clock } = this.#options;
    const parties = this.#parties.map((party) => party.until(end.signal));
    const patience = new AbortController();
    const timer = clock.sleep(CLEANING, patience.signal).then(
      () => end.abort(),
      () => undefined,
    );
    this.#leftBehind.push(...(await this.#ledger.clear(parties, this.#prefix)));
    patience.abort();
    await timer;
  }

  get #parties(): readonly Party[] {
    const { bl, ven, otherVen } = this.#setting.cast;
    return [bl, ven, otherVen].filter((party) => party !== undefined);
  }

  #makeSetting(): Setting {
    const { vtn, bl, receiver, patience, grace, clock, signal, transport } = this.#options;
    let names = 0;
    return {
      version: vtn.version,
      cast: this.#cast(),
      tokens: bl === undefined ? undefined : new TokenDesk(vtn.tokenUrl, bl, transport, this.#redactor, signal),
      receiver,
      patience,
      grace,
      clock,
      signal,
      newName: () => `${this.#prefix}-${++names}`,
      newSecret: () => {
        const secret = randomBytes(18).toString('base64url');
        this.#redactor.add(secret);
        return secret;
      },
      doubt: (path) => this.#ledger.doubt(path),
    };
  }

  #cast(): Cast {
    const { vtn, bl, ven, otherVen, transport, clock, random, signal } = this.#options;
    const wire: Wire = { transport, baseUrl: vtn.baseUrl, ledger: this.#ledger, redactor: this.#redactor, clock, random, signal };
    const party = (name: string, credentials: Credentials | undefined): Party => {
      if (credentials === undefined) return new Party(wire, name, anonymous);
      const tokens = clientCredentialsTokens({ transport, tokenUrl: vtn.tokenUrl, ...credentials, clock });
      return new Party(wire, name, tokens, credentials.clientId);
    };
    return {
      bl: party('BL', bl),
      nobody: party('nobody, without a token', undefined),
      ven: ven && party('VEN', ven),
      otherVen: otherVen && party('second VEN', otherVen),
    };
  }
}
