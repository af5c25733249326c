import { PATHS, type StreamEvent } from '@venfleet/console-api';
import { type Clock, isAbort, milliseconds, type Random, type RetryPolicy, retryPause, seconds } from '@venfleet/core';
import { ApiError, isApiError } from './api-error.js';
import type { ApiClient } from './client.js';
import { SseParser } from './sse.js';

/** A connection that is silent for longer than three heartbeats is lost, be it told or not. */
const SILENCE = seconds(30);
const RECONNECT: RetryPolicy = {
  attempts: Number.POSITIVE_INFINITY,
  base: seconds(1),
  cap: seconds(20),
  longestAsked: seconds(60),
};

export interface StreamListener {
  /** A message came: the connection lives. */
  on(message: StreamEvent): void;
  /** It is lost, and will be asked for again after `retryInMs`. */
  lost(error: unknown, retryInMs: number): void;
  /** The token is no longer good: nothing more comes. */
  refused(error: ApiError): void;
}

export interface StreamContext {
  readonly api: Pick<ApiClient, 'open'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Follows the server's stream until `signal` aborts or the token is refused, over any number of lost connections. */
export async function follow(
  { api, clock, random }: StreamContext,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      await readOnce({ api, clock }, signal, (message) => {
        failures = 0;
        listener.on(message);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (isApiError(error, 'API_UNAUTHORIZED')) return listener.refused(error);
      failures++;
      const pause = milliseconds(Math.max(500, retryPause(RECONNECT, failures, random)));
      listener.lost(error, pause);
      await clock.sleep(pause, signal).catch(() => {});
    }
  }
}

/** One connection. @throws always: when it ends, is silent, or does not come about */
async function readOnce(
  { api, clock }: Pick<StreamContext, 'api' | 'clock'>,
  signal: AbortSignal,
  on: (message: StreamEvent) => void,
): Promise<never> {
  const silent = new AbortController();
  const heard = watch(clock, silent);
  try {
    const either = AbortSignal.any([signal, silent.signal]);
    const response = await api.open('GET', PATHS.stream, { headers: { accept: 'text/event-stream' }, signal: either });
    const parser = new SseParser();
    const decoder = new TextDecoder();
    for await (const chunk of chunksOf(response)) {
      heard.again();
      for (const { event, data } of parser.push(decoder.decode(chunk, { stream: true }))) {
        on({ event, data: JSON.parse(data) } as StreamEvent);
      }
    }
    throw new ApiError('API_UNREACHABLE', 'the server ended the connection');
  } catch (error) {
    if (silent.signal.aborted && isAbort(error)) throw silent.signal.reason;
    throw error;
  } finally {
    heard.end();
  }
}

/** Aborts when nothing has been heard for too long. */
function watch(clock: Clock, silent: AbortController): { again(): void; end(): void } {
  const over = new AbortController();
  let last = clock.monotonic();
  const look = async () => {
    for (;;) {
      const left = last + SILENCE - clock.monotonic();
      if (left <= 0) break;
      await clock.sleep(milliseconds(left), over.signal);
    }
    silent.abort(new ApiError('API_UNREACHABLE', 'the server has been silent for too long'));
  };
  look().catch(() => {});
  return {
    again: () => {
      last = clock.monotonic();
    },
    end: () => over.abort(),
  };
}

/** A body's pieces. Not every browser can iterate over a ReadableStream. */
async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
