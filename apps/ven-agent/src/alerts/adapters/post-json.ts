import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Clock, describeError, isAbort, retryAfterIn, seconds, within } from '@venfleet/core';
import type { WebhookTarget } from '../config.js';
import type { Delivered, PostMessage } from '../webhook.js';

const PATIENCE = seconds(15);
const MOST_OF_AN_ANSWER = 300;

/** POSTs JSON. Certificates are verified, redirects are not followed: the token is for the server that was named. */
export const postJson =
  (target: WebhookTarget, clock: Clock): PostMessage =>
  async (body, id, signal) => {
    try {
      return await within(PATIENCE, { clock, signal }, (inTime) => exchange(target, body, id, inTime, clock));
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'unavailable', reason: isAbort(error) ? 'it did not answer in time' : describeError(error) };
    }
  };

function exchange(target: WebhookTarget, body: string, id: string, signal: AbortSignal, clock: Clock): Promise<Delivered> {
  const { url, token, ca } = target;
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'idempotency-key': id,
    'user-agent': 'venfleet-agent',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const options = { method: 'POST', headers, signal, agent: false as const };
  return new Promise((resolve, reject) => {
    const answered = (answer: IncomingMessage) => readStart(answer).then((text) => resolve(outcome(answer, text, clock)), reject);
    const request: ClientRequest = url.startsWith('https:')
      ? requestHttps(url, { ...options, ...(ca === undefined ? {} : { ca }) }, answered)
      : requestHttp(url, options, answered);
    request.on('error', reject);
    request.end(body);
  });
}

async function readStart(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) if (text.length < MOST_OF_AN_ANSWER) text += chunk;
  return text.trim().slice(0, MOST_OF_AN_ANSWER);
}

function outcome({ statusCode = 0, headers }: IncomingMessage, body: string, clock: Clock): Delivered {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' };
  const reason = `status ${statusCode}${body === '' ? '' : `: ${body}`}`;
  // The message itself is at fault; anything else (a token, a path, a proxy) an operator mends.
  if ([400, 413, 422].includes(statusCode)) return { kind: 'refused', reason };
  const after = retryAfterIn(headers['retry-after'], clock.now());
  return { kind: 'unavailable', reason, ...(after === undefined ? {} : { after }) };
}
