import { type Clock, type Duration, describeError, isAbort, retryAfterIn, seconds, within } from '@venfleet/core';

/** An InfluxDB, or what speaks its language (VictoriaMetrics, Telegraf, QuestDB), and where in it readings go. */
export type InfluxTarget = {
  /** Base URL, e.g. http://localhost:8086 */
  readonly url: string;
} & (
  | {
      /** InfluxDB 1.x: POST /write */
      readonly version: 1;
      readonly database: string;
      readonly retentionPolicy?: string | undefined;
      readonly username?: string | undefined;
      readonly password?: string | undefined;
    }
  | {
      /** InfluxDB 2.x and later: POST /api/v2/write */
      readonly version: 2;
      readonly org: string;
      readonly bucket: string;
      readonly token?: string | undefined;
    }
);

/** What became of a batch: `refused` is the lines' fault, `unavailable` the server's, the network's or the credentials'. */
export type WriteOutcome =
  | { readonly kind: 'written' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfter?: Duration };

const REQUEST_TIMEOUT = seconds(30);

/**
 * Writes a batch of lines, compressed. One request in some seconds: Node's own fetch is fast enough here.
 * @throws the signal's reason when it aborts
 */
export async function writeLines(target: InfluxTarget, gzip: Buffer, clock: Clock, signal: AbortSignal): Promise<WriteOutcome> {
  try {
    return await within(REQUEST_TIMEOUT, { clock, signal }, async (inTime) => {
      const response = await fetch(writeUrl(target), {
        method: 'POST',
        headers: { 'content-type': 'text/plain; charset=utf-8', 'content-encoding': 'gzip', ...authorization(target) },
        body: new Uint8Array(gzip),
        // Credentials are for the server that was named.
        redirect: 'manual',
        signal: inTime,
      });
      return outcomeOf(response, (await response.text()).trim().slice(0, 300), clock);
    });
  } catch (error) {
    signal.throwIfAborted();
    const reason = isAbort(error) ? 'it did not answer in time' : describeError(rootCause(error));
    return { kind: 'unavailable', reason };
  }
}

function writeUrl(target: InfluxTarget): string {
  const query: Record<string, string> =
    target.version === 1
      ? { db: target.database, ...(target.retentionPolicy === undefined ? {} : { rp: target.retentionPolicy }) }
      : { org: target.org, bucket: target.bucket };
  const path = target.version === 1 ? '/write' : '/api/v2/write';
  return `${target.url.replace(/\/+$/, '')}${path}?${new URLSearchParams({ ...query, precision: 'ms' })}`;
}

function authorization(target: InfluxTarget): Record<string, string> {
  if (target.version === 2) return target.token === undefined ? {} : { authorization: `Token ${target.token}` };
  if (target.username === undefined) return {};
  const credentials = Buffer.from(`${target.username}:${target.password ?? ''}`).toString('base64');
  return { authorization: `Basic ${credentials}` };
}

function outcomeOf({ status, headers, ok }: Response, body: string, clock: Clock): WriteOutcome {
  if (ok) return { kind: 'written' };
  if (status === 413) return { kind: 'too-large' };
  const reason = `status ${status}${body === '' ? '' : `: ${body}`}`;
  // What else of 4xx there is (no such database, wrong token) an operator mends; the lines are good.
  if (status === 400 || status === 422) return { kind: 'refused', reason };
  const retryAfter = retryAfterIn(headers.get('retry-after'), clock.now());
  return { kind: 'unavailable', reason, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** fetch says "fetch failed" and hides why in the cause. */
function rootCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
