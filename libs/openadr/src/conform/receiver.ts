import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Clock, type Duration, describeError, VenfleetError } from '@venfleet/core';
import type { JsonObject } from './answer.js';

export interface ReceiverOptions {
  /** Address to listen on, which is where the VTN posts to, too, unless `publicUrl` says otherwise. */
  readonly host: string;
  readonly port: number;
  /** What the VTN is told: the URL of a tunnel or proxy that leads here. */
  readonly publicUrl?: string | undefined;
  /** PEM texts; with them it speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly clock: Clock;
}

/** What a VTN posted to a callback. */
export interface Delivery {
  readonly authorization: string | undefined;
  /** Of the body: objectType, operation, object. Empty where it is no JSON object. */
  readonly body: JsonObject;
}

/** How a callback answers the echo challenge: with its value, with another one, or not at all (404). */
export type Manner = 'echo' | 'wrong' | 'absent';

/** Longest notification that is read. */
const MAX_BODY = 4 * 1024 * 1024;

/** A callback URL of its own: what was asked of it and posted to it. */
export class Hook {
  readonly url: string;
  readonly manner: Manner;
  /** Values of `?echo=` that the VTN challenged it with. */
  readonly challenges: string[] = [];
  readonly deliveries: Delivery[] = [];
  readonly #clock: Clock;
  #wake: () => void = () => undefined;

  constructor(url: string, manner: Manner, clock: Clock) {
    this.url = url;
    this.manner = manner;
    this.#clock = clock;
  }

  /**
   * The first delivery that `fits`, as soon as it is there; undefined when it does not come within `patience`.
   * @throws the signal's reason
   */
  async waitFor(fits: (delivery: Delivery) => boolean, patience: Duration, signal: AbortSignal): Promise<Delivery | undefined> {
    const over = new AbortController();
    const timeout = this.#clock.sleep(patience, AbortSignal.any([signal, over.signal])).then(() => 'late' as const);
    try {
      for (;;) {
        const found = this.deliveries.find(fits);
        if (found !== undefined) return found;
        const arrival = new Promise<'arrival'>((resolve) => {
          this.#wake = () => resolve('arrival');
        });
        if ((await Promise.race([arrival, timeout])) === 'late') return this.deliveries.find(fits);
      }
    } finally {
      over.abort();
      timeout.catch(() => undefined);
    }
  }

  accept(delivery: Delivery): void {
    this.deliveries.push(delivery);
    this.#wake();
  }
}

/** The endpoint that notifications are posted to. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #hooks = new Map<string, Hook>();
  readonly #server: Server;
  #base = '';

  constructor(options: ReceiverOptions) {
    this.#options = options;
    const listener: RequestListener = (request, response) => this.#answer(request, response);
    this.#server = options.tls === undefined ? createServer(listener) : createTlsServer({ ...options.tls }, listener);
  }

  /** @throws VenfleetError LISTEN_FAILED */
  async start(): Promise<void> {
    const { host, port, publicUrl, tls } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, resolve);
    }).catch((cause: unknown) => {
      throw new VenfleetError('LISTEN_FAILED', `cannot listen on port ${port} of ${host}: ${describeError(cause)}`, {
        cause,
        hint: 'choose an address of this machine with --callback-host and a free port with --callback-port',
      });
    });
    const { address, port: bound, family } = this.#server.address() as AddressInfo;
    const own = `${tls === undefined ? 'http' : 'https'}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
    this.#base = publicUrl?.replace(/\/+$/, '') ?? own;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Whether the VTN is given https URLs. */
  get secure(): boolean {
    return this.#base.startsWith('https:');
  }

  /** A new callback URL. */
  hook(manner: Manner = 'echo'): Hook {
    const id = randomBytes(12).toString('hex');
    const hook = new Hook(`${this.#base}/${id}`, manner, this.#options.clock);
    this.#hooks.set(id, hook);
    return hook;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://receiver');
    const hook = this.#hooks.get(url.pathname.split('/').at(-1) ?? '');
    if (hook === undefined) {
      response.writeHead(404).end();
    } else if (request.method === 'GET') challenge(hook, url.searchParams.get('echo'), response);
    else if (request.method === 'POST') take(hook, request, response);
    else response.writeHead(405).end();
  }
}

/** OpenADR 3.1 Definition, subscriptions: the callback answers 200 with the value as the body. */
function challenge(hook: Hook, echo: string | null, response: ServerResponse): void {
  if (echo !== null) hook.challenges.push(echo);
  if (echo === null || hook.manner === 'absent') response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': 'text/plain' }).end(hook.manner === 'echo' ? echo : `not-${echo}`);
}

function take(hook: Hook, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BODY) request.destroy();
    else chunks.push(chunk);
  });
  request.on('error', () => undefined);
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    hook.accept({ authorization: request.headers.authorization, body: objectIn(Buffer.concat(chunks).toString('utf8')) });
  });
}

function objectIn(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}
