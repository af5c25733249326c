import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { type Logger, VenfleetError } from '@venfleet/core';
import { readTextFile } from '@venfleet/core/node';
import { decodeNotification, type Notification } from '@venfleet/openadr';
import { close, listen } from '../../ops/listen.js';
import type { WebhookSettings } from '../config.js';

/** Where the VTN sends the notifications for one VEN. */
export interface Inbox {
  readonly url: string;
  /** The VTN has to show it. */
  readonly bearerToken: string;
  /** From then on nobody is there. */
  close(): void;
}

/** A notification brings its object along; it is not looked at, but has to be read. */
const MOST_BYTES = 1024 * 1024;
/** For the whole request: who is slower holds a connection for nothing. */
const REQUEST_TIMEOUT_MS = 10_000;
const MOST_CONNECTIONS = 512;

interface Holder {
  readonly tokenHash: Buffer;
  readonly receive: (notification: Notification) => void;
}

/**
 * Takes notifications (OpenADR 3.1 Definition, subscriptions): answers the echo challenge, checks the bearer token of each
 * inbox, and passes on what was done to which object. Whoever does not know an inbox's path finds nothing.
 */
export class WebhookReceiver {
  readonly #settings: WebhookSettings;
  readonly #logger: Logger;
  readonly #inboxes = new Map<string, Holder>();
  #server: Server | SecureServer | undefined;
  #url = '';

  constructor(settings: WebhookSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger.child({ component: 'webhook' });
  }

  /** @throws VenfleetError PORT_TAKEN, LISTEN_FAILED, FILE_UNREADABLE, TLS_INVALID */
  async start(): Promise<void> {
    const { host, port, tls, publicUrl } = this.#settings;
    const handler = (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response);
    const options = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
    const server =
      tls === undefined ? createServer(options, handler) : createSecureServer({ ...options, ...readCertificate(tls) }, handler);
    server.maxConnections = MOST_CONNECTIONS;
    const origin = await listen(server, { host, port, hint: 'name another one as events.webhook.port; 0 takes a free one' });
    this.#server = server;
    this.#url = `${(publicUrl ?? `${tls === undefined ? 'http' : 'https'}://${origin}`).replace(/\/+$/, '')}/`;
  }

  /** Takes up a certificate that was renewed on the disk; one that is broken leaves the old one in use. */
  renewCertificate(): void {
    const { tls } = this.#settings;
    if (tls === undefined || !(this.#server instanceof SecureServer)) return;
    try {
      this.#server.setSecureContext(readCertificate(tls));
    } catch (error) {
      this.#logger.warn({ err: error }, 'the certificate of the webhook cannot be renewed');
    }
  }

  /** What the addresses of all inboxes begin with. */
  get url(): string {
    return this.#url;
  }

  /** Makes an address that cannot be guessed. */
  open(receive: (notification: Notification) => void): Inbox {
    const path = randomBytes(18).toString('base64url');
    const bearerToken = randomBytes(32).toString('base64url');
    this.#inboxes.set(path, { tokenHash: digest(bearerToken), receive });
    return { url: this.#url + path, bearerToken, close: () => this.#inboxes.delete(path) };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await close(server);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const [status, body] = await this.#answer(request);
      response.writeHead(status, HEADERS);
      response.end(body);
    } catch {
      // The caller went away in the middle.
      response.destroy();
    }
  }

  async #answer(request: IncomingMessage): Promise<readonly [status: number, body: string]> {
    const [path = '', query] = (request.url ?? '').split('?', 2) as [string, string?];
    const inbox = this.#inboxes.get(path.slice(path.lastIndexOf('/') + 1));
    if (inbox === undefined) return refuse(request, 404, 'there is nothing here');
    if (request.method === 'GET') {
      const echo = new URLSearchParams(query).get('echo');
      return echo === null ? refuse(request, 400, 'there is no echo parameter') : [200, echo];
    }
    if (request.method !== 'POST') return refuse(request, 405, 'only GET and POST');
    if (!isShown(inbox.tokenHash, request.headers.authorization)) {
      this.#logger.warn({ from: request.socket.remoteAddress }, 'a notification without the right token is refused');
      return refuse(request, 401, 'the bearer token is missing or wrong');
    }
    const text = await readBody(request);
    if (text === undefined) return refuse(request, 413, `more than ${MOST_BYTES} bytes`);
    const notification = parse(text);
    if (notification === undefined) return [400, 'this is no notification'];
    inbox.receive(notification);
    return [200, ''];
  }
}

const HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;

/** What the caller still sends is thrown away. */
function refuse(request: IncomingMessage, status: number, reason: string): readonly [number, string] {
  request.resume();
  return [status, reason];
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compared in constant time: hashes are of one length. */
function isShown(tokenHash: Buffer, authorization: string | undefined): boolean {
  const shown = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  return shown !== undefined && timingSafeEqual(digest(shown), tokenHash);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Notification | undefined {
  try {
    return decodeNotification(JSON.parse(text));
  } catch {
    return undefined;
  }
}

interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: 'TLSv1.2';
}

/** @throws VenfleetError FILE_UNREADABLE, TLS_INVALID */
function readCertificate({ certFile, keyFile }: NonNullable<WebhookSettings['tls']>): Certificate {
  const cert = readTextFile(certFile, 'the certificate of the webhook');
  const key = readTextFile(keyFile, 'the key of the webhook');
  const certificate: Certificate = { cert, key, minVersion: 'TLSv1.2' };
  try {
    createSecureContext(certificate);
    return certificate;
  } catch (cause) {
    throw new VenfleetError('TLS_INVALID', `${certFile} and ${keyFile} are no certificate and its key`, {
      cause,
      hint: 'both must be PEM, and belong together',
    });
  }
}
