import { describeError } from '@venfleet/core';
import type { HttpTransport } from '../client/transport.js';
import { Answer } from './answer.js';
import { Nonconformity } from './findings.js';
import type { Redactor } from './redact.js';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The token endpoint, asked by hand. */
export class TokenDesk {
  readonly url: string;
  readonly client: Credentials;
  readonly #transport: HttpTransport;
  readonly #redactor: Redactor;
  readonly #signal: AbortSignal;

  constructor(url: string, client: Credentials, transport: HttpTransport, redactor: Redactor, signal: AbortSignal) {
    this.url = url;
    this.client = client;
    this.#transport = transport;
    this.#redactor = redactor;
    this.#signal = signal;
  }

  /** Credentials in the form (RFC 6749 section 2.3.1). */
  byForm(form: Readonly<Record<string, string>> = {}, { clientId, clientSecret }: Credentials = this.client): Promise<Answer> {
    return this.#ask({ client_id: clientId, client_secret: clientSecret, ...form }, {});
  }

  /** Credentials by HTTP Basic, each form-encoded before. */
  byBasic({ clientId, clientSecret }: Credentials = this.client): Promise<Answer> {
    const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
    const basic = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64');
    return this.#ask({}, { authorization: `Basic ${basic}` });
  }

  async #ask(form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString();
    const as = 'authorization' in headers ? 'client by HTTP Basic' : 'client by form';
    try {
      const response = await this.#transport.request({
        method: 'POST',
        url: this.url,
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...headers },
        body,
        signal: this.#signal,
      });
      const asked = { as, method: 'POST', target: this.url, body };
      const answer = new Answer({ ...asked, status: response.status, text: response.body }, this.#redactor);
      const { access_token: token, refresh_token: refresh } = (answer.json ?? {}) as Record<string, unknown>;
      for (const secret of [token, refresh]) if (typeof secret === 'string') this.#redactor.add(secret);
      return answer;
    } catch (error) {
      if (this.#signal.aborted) throw error;
      throw new Nonconformity({ expected: `an answer to POST ${this.url}`, seen: this.#redactor.apply(describeError(error)) });
    }
  }
}
