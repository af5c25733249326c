import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CONTENT_SECURITY_POLICY } from '../policy.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
} as const;

interface Asset {
  readonly body: Buffer;
  /** Undefined where it would be no smaller. */
  readonly gzip: Buffer | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
}

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>venfleet console</title>
<h1>The console’s page is not built</h1>
<p>Its API is there; the page itself is not. Build it and start again: <code>npx nx run console:build</code></p></html>
`;

/**
 * The files of the page. They are read once, at the start, so that a request can name nothing else: there is no path to
 * traverse.
 */
export class Assets {
  /** Whether there is a page. */
  readonly isBuilt: boolean;
  readonly #files = new Map<string, Asset>();

  /** @param folder the built page; undefined, or one without index.html: there is only a page that says so */
  constructor(folder: string | undefined) {
    for (const path of folder === undefined ? [] : filesBelow(folder)) {
      const name = relative(folder as string, path)
        .split(sep)
        .join('/');
      this.#files.set(name, asset(name, readFileSync(path)));
    }
    this.isBuilt = this.#files.has('index.html');
    if (!this.isBuilt) this.#files.set('index.html', asset('index.html', Buffer.from(NOT_BUILT)));
  }

  /** @param path below the console's own. @returns whether there is such a file */
  serve(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const file = this.#files.get(path === '' ? 'index.html' : path);
    if (file === undefined) return false;
    const headers = { ...PAGE_HEADERS, ...file.headers, etag: file.etag, vary: 'accept-encoding' };
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304, headers).end();
      return true;
    }
    const zipped = file.gzip !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    const body = zipped ? (file.gzip as Buffer) : file.body;
    const encoding: Record<string, string> = zipped ? { 'content-encoding': 'gzip' } : {};
    response.writeHead(200, { ...headers, ...encoding, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
    return true;
  }
}

function asset(name: string, body: Buffer): Asset {
  const gzip = gzipSync(body, { level: 9 });
  return {
    body,
    gzip: gzip.length < body.length * 0.9 ? gzip : undefined,
    headers: {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      // Names below assets/ change with their contents.
      'cache-control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
  };
}

/** Ordinary files alone: a link could lead elsewhere. A folder that is not there has none. */
function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
    });
  } catch {
    return [];
  }
}
