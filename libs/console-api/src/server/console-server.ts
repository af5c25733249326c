import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, describeError, type Logger } from '@venfleet/core';
import { API_PATH, CONSOLE_PATH } from '../paths.js';
import { LoginCode } from '../schemas.js';
import { Assets } from './assets.js';
import type { ConsoleBackend, ConsoleGuard } from './backend.js';
import { readBody } from './body.js';
import { consoleDocument } from './openapi.js';
import { API_HEADERS, ConsoleProblem, sendJson, sendProblem } from './problem.js';
import { ROUTES, type RouteCall } from './routes.js';
import { StreamHub } from './stream-hub.js';

export interface ConsoleServerOptions {
  readonly backend: ConsoleBackend;
  readonly guard: ConsoleGuard;
  /** Folder of the built page; undefined where it was not found. */
  readonly page: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The page and its API, for any HTTP server to hand its requests below `/console` to. */
export class ConsoleServer {
  readonly #options: ConsoleServerOptions;
  readonly #assets: Assets;
  readonly #hub: StreamHub;
  readonly #logger: Logger;

  constructor(options: ConsoleServerOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ component: 'console' });
    this.#assets = new Assets(options.page);
    this.#hub = new StreamHub(options.backend, options.clock, this.#logger);
  }

  /** Whether the page was found. */
  get hasPage(): boolean {
    return this.#assets.isBuilt;
  }

  /** How many follow what changes. */
  get readers(): number {
    return this.#hub.readers;
  }

  /** Ends the streams, which would keep a server from closing, and whatever was followed. */
  stop(): void {
    this.#hub.stop();
    this.#options.backend.close();
  }

  /** Answers one request; never throws. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = pathOf(request);
      if (url.pathname === API_PATH || url.pathname.startsWith(`${API_PATH}/`)) await this.#api(request, response, url);
      else this.#page(request, response, url.pathname);
    } catch (error) {
      this.#refuse(request, response, error);
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    if (error instanceof ConsoleProblem) {
      sendProblem(response, error);
      return;
    }
    const fields = { method: request.method, error: describeError(error), stack: (error as Error)?.stack };
    this.#logger.error(fields, 'a request of the console failed');
    sendProblem(response, new ConsoleProblem(500, 'the server failed; its log says how'));
  }

  #page(request: IncomingMessage, response: ServerResponse, pathname: string): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw notAllowed(request, ['GET', 'HEAD']);
    if (`${pathname}/` === CONSOLE_PATH) {
      response.writeHead(308, { ...API_HEADERS, location: CONSOLE_PATH, 'content-length': 0 }).end();
      return;
    }
    if (pathname === `${CONSOLE_PATH}openapi.json`) {
      sendJson(response, 200, consoleDocument());
      return;
    }
    const path = pathname.slice(CONSOLE_PATH.length);
    if (pathname.startsWith(CONSOLE_PATH) && this.#assets.serve(path, request, response)) return;
    throw new ConsoleProblem(404, `there is nothing at ${pathname}`);
  }

  async #api(request: IncomingMessage, response: ServerResponse, { pathname, searchParams }: URL): Promise<void> {
    const { backend, guard } = this.#options;
    const path = pathname.slice(API_PATH.length);
    const address = request.socket.remoteAddress ?? '';
    if (path === '/login') return sendJson(response, 200, only(request, 'GET') && guard.ways());
    if (path === '/code' && guard.redeem !== undefined) {
      only(request, 'POST');
      const { code } = await readBody(request, LoginCode);
      return sendJson(response, 200, await guard.redeem(code, address));
    }
    const user = await guard.admit(request.headers.authorization, address);
    if (path === '/stream') {
      only(request, 'GET');
      return await this.#hub.serve(request, response, user.expiresAt);
    }
    const { handler, id } = routeOf(request, path);
    const call: RouteCall = { backend, user, request, id, query: searchParams };
    const { status, value } = await handler(call);
    sendJson(response, status, value);
  }
}

/** @throws ConsoleProblem 404, 405 */
function routeOf(request: IncomingMessage, path: string) {
  const parts = path.split('/');
  const parameter = parts[2] ?? '';
  const known = [path, ['', parts[1], ':id', ...parts.slice(3)].join('/')].find((key) => Object.hasOwn(ROUTES, key));
  const methods = known === undefined ? undefined : ROUTES[known];
  if (methods === undefined) throw new ConsoleProblem(404, `there is nothing at ${API_PATH}${path}`);
  const handler = Object.hasOwn(methods, request.method ?? '') ? methods[request.method ?? ''] : undefined;
  if (handler === undefined) throw notAllowed(request, Object.keys(methods));
  return { handler, id: known === path ? '' : decoded(parameter) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ConsoleProblem(400, `the path has ${part}, which is no percent-encoded UTF-8`);
  }
}

function only(request: IncomingMessage, method: string): true {
  if (request.method === method) return true;
  throw notAllowed(request, [method]);
}

function notAllowed({ method }: IncomingMessage, allowed: readonly string[]): ConsoleProblem {
  const allow = allowed.join(', ');
  return new ConsoleProblem(405, `${method} is not for this path; it has ${allow}`, { headers: { allow } });
}

/** The host of the URL is nobody's: only path and query count. @throws ConsoleProblem 400 */
function pathOf({ url = '/' }: IncomingMessage): URL {
  // A path that begins with // would be a host to URL.
  const target = url.startsWith('/') ? `http://console${url}` : url;
  if (!URL.canParse(target)) throw new ConsoleProblem(400, 'the URL cannot be read');
  return new URL(target);
}
