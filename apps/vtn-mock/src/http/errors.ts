import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { describeError, type Logger } from '@venfleet/core';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Counts } from '../ops/counts.js';
import { Problem, problemBody } from './problem.js';

/** Whole, so that Fastify need not complete it with each answer. */
const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends JSON text as it is. */
export function sendJson(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header('content-type', JSON_TYPE).send(text);
}

/** Turns whatever a route threw into a problem; what was not meant is logged and told to nobody. */
export function errorHandler(logger: Logger, counts: Counts) {
  return (error: FastifyError | Problem | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const status = 'statusCode' in error && error.statusCode !== undefined ? error.statusCode : 500;
    const meant = error instanceof Problem || (status >= 400 && status < 500);
    const body = problemBody(
      meant ? status : 500,
      meant ? detailOf(error, request) : 'the VTN failed; its log has this instance',
    );
    counts.problem(body.status);
    const fields = { instance: body.instance, method: request.method, path: pathOf(request) };
    if (meant) logger.debug({ ...fields, status, detail: body.detail }, 'request refused');
    else logger.error({ ...fields, error: describeError(error), stack: error.stack }, 'request failed');
    if (!(error instanceof Problem)) return sendJson(reply, body.status, JSON.stringify(body));
    return sendJson(reply.headers(error.headers), status, JSON.stringify({ ...body, ...error.extra }));
  };
}

/** Fastify says of a wrong type only that it is wrong. */
function detailOf(error: Error, request: FastifyRequest): string {
  if (!('code' in error) || error.code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return error.message;
  return `content-type: ${request.headers['content-type'] || '(none)'} is not taken here`;
}

/** The path alone: a query may hold what does not belong in a log. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

/** Statuses for what Node's HTTP parser refuses before there is a request. */
const PARSER_STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers a connection whose bytes are no HTTP request, or came too slowly, and closes it. */
export function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = PARSER_STATUS[error.code ?? ''] ?? 400;
  const body = JSON.stringify(problemBody(status, 'this is not a complete HTTP request within the limits'));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
