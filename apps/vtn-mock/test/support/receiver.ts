import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** One request as a callback server saw it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: notifications are examined member by member.
  readonly body: any;
}

/** A callback server of a test: it answers the echo challenge, and keeps what is posted. */
export class Receiver {
  readonly posted: Received[] = [];
  readonly challenged: Received[] = [];
  /** Answers a POST in place of 200; what it returns is the status, nothing means that it never answers. */
  onPost: (received: Received, response: ServerResponse) => number | undefined = () => 200;
  /** Answers a challenge; the default is the right answer. */
  onChallenge: (echo: string, response: ServerResponse) => void = (echo, response) => response.end(echo);
  readonly #server: Server;
  readonly #scheme: string;
  #waiting: { readonly enough: () => boolean; readonly resolve: () => void }[] = [];

  /** @param tls for HTTPS: key and certificate, PEM */
  constructor(tls?: { readonly key: string; readonly cert: string }) {
    const answer = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response);
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
    this.#scheme = tls === undefined ? 'http' : 'https';
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many notifications have come in all. */
  until(count: number): Promise<void> {
    return this.untilTrue(() => this.posted.length >= count);
  }

  untilTrue(enough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ enough, resolve });
      this.#look();
    });
  }

  #look(): void {
    const [done, waiting] = [this.#waiting.filter((w) => w.enough()), this.#waiting.filter((w) => !w.enough())];
    this.#waiting = waiting;
    for (const { resolve } of done) resolve();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    const received: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization,
      body: text === '' ? undefined : JSON.parse(text),
    };
    if (request.method === 'GET') {
      this.challenged.push(received);
      this.onChallenge(new URL(received.path, this.url).searchParams.get('echo') ?? '', response);
      return;
    }
    this.posted.push(received);
    const status = this.onPost(received, response);
    if (status !== undefined) response.writeHead(status).end();
    this.#look();
  }
}

/** The body of a subscription for either version. */
export function subscription(programID: string | undefined, callbackUrl: string, more: object = {}): Record<string, unknown> {
  return {
    clientName: 'A',
    ...(programID === undefined ? {} : { programID }),
    objectOperations: [{ objects: ['EVENT'], operations: ['CREATE', 'UPDATE', 'DELETE'], callbackUrl, bearerToken: 'tell-me' }],
    ...more,
  };
}

/** The same with other kinds of object or operations. */
export function asking(
  programID: string | undefined,
  callbackUrl: string,
  objects: readonly string[],
  operations: readonly string[] = ['CREATE', 'UPDATE', 'DELETE'],
): Record<string, unknown> {
  return subscription(programID, callbackUrl, { objectOperations: [{ objects, operations, callbackUrl }] });
}
