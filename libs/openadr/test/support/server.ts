import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type Logger, type Random, silentLogger, systemClock } from '@venfleet/core';
import { sequenceRandom } from '@venfleet/core/testing';
import { createHttpTransport, type HttpTransport, type TransportOptions } from '../../src/index.js';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  json(): Record<string, unknown>;
}

export interface Answer {
  readonly status?: number;
  /** JSON unless a string. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** What a test's VTN does with a request: an answer, or something rude done to the response. */
export type Handler = (request: Received) => Answer | ((response: ServerResponse) => void);

export interface TestServer {
  readonly url: string;
  readonly requests: Received[];
  /** Replaces the behaviour from the next request on. */
  handle(handler: Handler): void;
  readonly server: Server;
  close(): Promise<void>;
}

/** A real HTTP server on 127.0.0.1 with the behaviour of a test. */
export async function serve(handler: Handler, server: Server = createServer()): Promise<TestServer> {
  let current = handler;
  const requests: Received[] = [];
  server.on('request', async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const url = new URL(incoming.url ?? '/', 'http://test');
    const received: Received = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body,
      json: () => JSON.parse(body),
    };
    requests.push(received);
    const answer = current(received);
    if (typeof answer === 'function') return answer(response);
    const { status = 200, body: content, headers } = answer;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof content === 'string' || content === undefined ? content : JSON.stringify(content));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const scheme = 'key' in server ? 'https' : 'http';
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    handle: (next) => {
      current = next;
    },
    server,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export function problem(status: number, title: string, detail?: string, headers: Record<string, string> = {}): Answer {
  return { status, body: { type: 'about:blank', title, status, detail }, headers };
}

/** Drops the connection before anything is answered. */
export const reset = (response: ServerResponse): void => {
  response.socket?.destroy();
};

/** A clock whose sleeps take no time, so that tests do not wait for retries; the rest is real. */
export class HastyClock implements Clock {
  readonly sleeps: number[] = [];
  now = systemClock.now;
  monotonic = systemClock.monotonic;
  async sleep(duration: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(duration);
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}

export interface Rig {
  readonly clock: HastyClock;
  readonly random: Random;
  readonly logger: Logger;
  readonly transport: HttpTransport;
}

/** A transport on the real clock, and a hasty one for what retries; limiter and time-outs can be changed. */
export function rig(options: Partial<TransportOptions> = {}, logger: Logger = silentLogger): Rig {
  const transport = createHttpTransport({ logger, clock: systemClock, ...options });
  return { clock: new HastyClock(), random: sequenceRandom(0.5), logger, transport };
}
