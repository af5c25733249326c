import { type LookupAddress, lookup } from 'node:dns';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { systemCode, VenfleetError } from '@venfleet/core';
import { addressAllowed, type CallbackRules, callbackMistake } from './callback-rules.js';

export interface CallbackRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Presented as bearer token. */
  readonly token: string | null;
  /** JSON text. */
  readonly body?: string;
}

export interface CallbackAnswer {
  readonly status: number;
  /** Of what it says at most {@link LONGEST_ANSWER} bytes, which is more than any answer that counts has. */
  readonly body: string;
  /** Retry-After in seconds, where the answer has it. */
  readonly retryAfterS?: number;
}

const LONGEST_ANSWER = 4096;

/** Idle connections kept for each host; one that is not used for so long is closed. */
const AGENT = { keepAlive: true, maxFreeSockets: 16, timeout: 60_000, scheduling: 'lifo' } as const;

/**
 * Calls callbacks that clients have named, which may be anything (server-side request forgery): it connects only to
 * addresses that the rules allow, looked at in the very look-up that the connection uses; follows no redirect; and reads
 * little of what comes back.
 */
export class CallbackClient {
  readonly #rules: CallbackRules;
  readonly #agents;

  /** @param ca PEM of authorities that callbacks' certificates may be of, in place of the system's */
  constructor(rules: CallbackRules, ca: string | undefined) {
    this.#rules = rules;
    this.#agents = { http: new http.Agent(AGENT), https: new https.Agent({ ...AGENT, ...(ca === undefined ? {} : { ca }) }) };
  }

  /** @throws VenfleetError CALLBACK_REFUSED, CALLBACK_FAILED; the signal's reason when it aborts. */
  async send(request: CallbackRequest, signal: AbortSignal): Promise<CallbackAnswer> {
    const mistake = callbackMistake(request.url, this.#rules);
    if (mistake !== undefined) throw new VenfleetError('CALLBACK_REFUSED', mistake);
    for (let again = false; ; again = true) {
      const sent = this.#start(request, signal);
      try {
        return await answerOf(sent);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        // The other side closed a connection that was kept just when it was to be used again: that is no failure.
        if (sent.reusedSocket && !again && /^(ECONNRESET|EPIPE)$/.test(systemCode(error) ?? '')) continue;
        if (error instanceof VenfleetError) throw error;
        throw new VenfleetError('CALLBACK_FAILED', systemCode(error) ?? 'the connection failed', { cause: error });
      }
    }
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #start({ method, url, token, body }: CallbackRequest, signal: AbortSignal): ClientRequest {
    const secure = url.toLowerCase().startsWith('https:');
    const headers: Record<string, string> = { accept: 'application/json, text/plain' };
    if (token !== null) headers.authorization = `Bearer ${headerSafe(token)}`;
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    const options = { method, headers, signal, lookup: this.#lookup, agent: secure ? this.#agents.https : this.#agents.http };
    const request = (secure ? https : http).request(url, options);
    request.end(body);
    return request;
  }

  /** Node asks this for names alone; literal addresses are checked before. */
  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, '', 0);
      const allowed = found.filter(({ address }) => addressAllowed(address, this.#rules));
      const first = allowed[0];
      if (first === undefined) {
        return callback(new VenfleetError('CALLBACK_REFUSED', 'its name leads to a private address'), '', 0);
      }
      if (options.all) callback(null, allowed);
      else callback(null, first.address, isIP(first.address));
    });
  };
}

/** @throws VenfleetError CALLBACK_REFUSED: what cannot be in a header was taken in a body. */
function headerSafe(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new VenfleetError('CALLBACK_REFUSED', 'its bearer token cannot be sent in a header');
}

function answerOf(request: ClientRequest): Promise<CallbackAnswer> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const finish = () => {
        const retryAfterS = Number(response.headers['retry-after'] ?? Number.NaN);
        const body = Buffer.concat(chunks).subarray(0, LONGEST_ANSWER).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body, ...(Number.isFinite(retryAfterS) ? { retryAfterS } : {}) });
      };
      response.on('error', reject);
      response.on('end', finish);
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length <= LONGEST_ANSWER) return;
        finish();
        // Whoever says more has said enough, and may say it for ever.
        response.destroy();
      });
    });
  });
}
