import { randomBytes } from 'node:crypto';
import { type Clock, type Duration, type Random, seconds } from '@venfleet/core';
import { type Client, clientCredentialsTokens, type HttpTransport, type WireVersion } from '@venfleet/openadr';
import { type ConformResult, judge, Ledger, type LineResult, Party, Redactor } from '@venfleet/openadr/conform';
import { linesOf } from './lines/index.js';
import { Seats } from './seats.js';
import { Trial } from './trial.js';
import type { Ven } from './ven/ven.js';

/** Longest that the deletion of one line's objects may take. */
const CLEANING = seconds(30);

export interface CheckOptions {
  readonly ven: Ven;
  /** How the result calls it. */
  readonly name: string;
  readonly version: WireVersion;
  /** Origin of the VTN, and the path of the version there. */
  readonly vtn: { readonly origin: string; readonly path: string };
  /** One of business logic, and one for each purpose of the VEN. */
  readonly clients: readonly Client[];
  /** A new folder for what VENs remember. */
  readonly folder: string;
  /** Which lines; all of the version by default. */
  readonly lines: (line: number) => boolean;
  readonly patience: Duration;
  readonly transport: HttpTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the run. */
  readonly signal: AbortSignal;
  readonly onLine: (result: LineResult) => void;
}

/** Checks a VEN line by line in one version, with a VTN whose business logic is ours. */
export async function checkVen(options: CheckOptions): Promise<ConformResult> {
  const { version, vtn, clients, lines, signal, clock, onLine, name, transport } = options;
  const redactor = new Redactor();
  for (const { clientSecret } of clients) redactor.add(clientSecret);
  const ledger = new Ledger();
  const baseUrl = vtn.origin + vtn.path;
  const wire = { ...options, transport, baseUrl, ledger, redactor };
  const business = clients.find(({ role }) => role === 'BL');
  if (business === undefined) throw new Error('there is no client of business logic');
  const tokens = clientCredentialsTokens({ transport, tokenUrl: `${baseUrl}/auth/token`, ...business, clock });
  const bl = new Party(wire, 'BL', tokens, business.clientId);
  const seats = new Seats({ ...options, redactor });
  let names = 0;
  const prefix = `conform-${randomBytes(4).toString('hex')}`;
  const setting = { ...options, bl, seats, redactor, newName: () => `${prefix}-${++names}` };
  const results: LineResult[] = [];
  try {
    for (const line of linesOf(version)) {
      if (signal.aborted) break;
      if (!lines(line.number)) continue;
      const trial = new Trial(setting);
      const { number, title } = line;
      const result = await judge({ number, title, notes: trial.notes, clock, redactor, signal }, () => line.check(trial));
      await seats.release();
      // What has reports cannot be deleted; it is over by then, and the VTN ends with the run.
      await ledger.clear([bl.until(AbortSignal.any([signal, AbortSignal.timeout(CLEANING)]))], prefix);
      if (result === undefined) break;
      results.push(result);
      onLine(result);
    }
  } finally {
    await seats.stop();
  }
  return { url: name, version, lines: results, leftBehind: [], interrupted: signal.aborted };
}
