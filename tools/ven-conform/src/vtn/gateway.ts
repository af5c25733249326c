import { createServer, request as httpRequest, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, type Duration, describeError, type Instant } from '@venfleet/core';
import type { JsonObject } from '@venfleet/openadr/conform';

/** A request of the VEN. */
export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What it is answered. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A request with its answer, in the order in which they were answered. */
export interface Exchange {
  readonly askedAt: Instant;
  readonly ask: Ask;
  readonly reply: Reply;
}

/** Changes what goes by: answers by itself, or hands on what it changed or not, and may change the answer. */
export type Rule = (ask: Ask, next: (ask: Ask) => Promise<Reply>) => Promise<Reply> | Reply;

export interface GatewayOptions {
  /** Origin of the VTN, http://HOST:PORT. */
  readonly vtn: string;
  readonly clock: Clock;
  /** PEM texts; with them it speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Where one VEN finds the VTN: sees all that the two say to each other, and can change it. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #rules = new Set<Rule>();
  readonly #waiting = new Set<() => void>();
  readonly exchanges: Exchange[] = [];
  /** Connections that were opened, be it that nothing was asked over them. */
  connections = 0;
  #isDown = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const listener: RequestListener = async (request, response) => {
      const reply = await this.#answer(request).catch((error: unknown) => json(502, { detail: describeError(error) }));
      if (this.#isDown) request.socket.destroy();
      else response.writeHead(reply.status, { 'content-type': reply.type }).end(reply.body);
    };
    this.#server = options.tls === undefined ? createServer(listener) : createTlsServer({ ...options.tls }, listener);
    this.#server.on('connection', (socket: Socket) => {
      this.connections++;
      if (this.#isDown) socket.destroy();
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    });
  }

  /** @returns its origin */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Adds a rule before those there are. @returns what takes it away again */
  rule(rule: Rule): () => void {
    this.#rules.add(rule);
    return () => void this.#rules.delete(rule);
  }

  /** The VTN is away: connections are cut, and new ones, too. */
  set isDown(isDown: boolean) {
    this.#isDown = isDown;
    if (isDown) this.#cut();
  }

  /** What was asked since a time and `fits`. */
  since(at: Instant, fits: (exchange: Exchange) => boolean = () => true): Exchange[] {
    return this.exchanges.filter((exchange) => exchange.askedAt >= at && fits(exchange));
  }

  /**
   * Waits until `count` exchanges since a time fit.
   * @returns them; fewer when they do not come within `patience`
   * @throws the signal's reason
   */
  async wait(
    at: Instant,
    fits: (exchange: Exchange) => boolean,
    { patience, signal, count = 1 }: { readonly patience: Duration; readonly signal: AbortSignal; readonly count?: number },
  ): Promise<Exchange[]> {
    const over = new AbortController();
    const late = this.#options.clock.sleep(patience, AbortSignal.any([signal, over.signal])).then(() => 'late' as const);
    try {
      for (;;) {
        const found = this.since(at, fits);
        if (found.length >= count) return found;
        const next = new Promise<'next'>((resolve) => {
          this.#waiting.add(() => resolve('next'));
        });
        if ((await Promise.race([next, late])) === 'late') return this.since(at, fits);
      }
    } finally {
      over.abort();
      late.catch(() => undefined);
    }
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    const askedAt = this.#options.clock.now();
    const url = new URL(request.url ?? '/', 'http://vtn');
    const [method, path, query, headers] = [request.method ?? 'GET', url.pathname, url.searchParams, request.headers];
    const ask: Ask = { method, path, query, headers, body: await textOf(request) };
    const rules = [...this.#rules].reverse();
    const pass =
      (n: number) =>
      async (changed: Ask): Promise<Reply> => {
        const rule = rules[n];
        return rule === undefined ? await forward(this.#options.vtn, changed) : await rule(changed, pass(n + 1));
      };
    const reply = await pass(0)(ask);
    this.exchanges.push({ askedAt, ask, reply });
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return reply;
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

export const json = (status: number, body: unknown): Reply => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
});

/** OpenADR's answer for what is refused. */
export const problem = (status: number, title: string): Reply => json(status, { type: 'about:blank', title, status });

/** A body as an object; empty where it is none. */
export function objectOf({ body }: { readonly body: string }): JsonObject {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** As it is, the name of the host included, by which the VTN tells where its other endpoints are. */
function forward(vtn: string, { method, path, query, headers, body }: Ask): Promise<Reply> {
  const search = query.size === 0 ? '' : `?${query}`;
  const { 'content-length': _, 'transfer-encoding': __, 'accept-encoding': ___, connection: ____, ...others } = headers;
  return new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = httpRequest(`${vtn}${path}${search}`, { method, headers: { ...others, ...length } }, (response) => {
      const { statusCode = 502, headers: answered } = response;
      const type = answered['content-type'] ?? 'application/json';
      textOf(response).then((text) => resolve({ status: statusCode, type, body: text }), reject);
    });
    request.on('error', reject).end(body);
  });
}
