import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.js';

const BYTE_ORDER_MARK = 0xfeff;

/**
 * Takes JSON bodies alone, in UTF-8 (RFC 8259 section 8.1) and as they are: Fastify's own parser would keep U+FFFD in the
 * place of bytes that are none, and read a compressed body as if it were not.
 */
export function takeJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') {
      const headers = { 'accept-encoding': 'identity' };
      return done(new Problem(415, `content-encoding: ${encoding} is not taken here`, { headers }));
    }
    try {
      done(null, parse(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Keys of attributes are the client's own, `__proto__` too: they are only ever copied, never assigned. */
function parse(body: Buffer): unknown {
  if (body.length === 0) throw new Problem(400, 'the body is empty; it must be JSON');
  if (!isUtf8(body)) throw new Problem(400, 'the body holds bytes that are not UTF-8');
  const text = body.toString('utf8');
  try {
    return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
  } catch {
    throw new Problem(400, 'the body is not valid JSON');
  }
}
