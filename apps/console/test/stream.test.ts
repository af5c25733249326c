import { describe, expect, test } from '@jest/globals';
import type { StreamEvent } from '@venfleet/console-api';
import { seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { ApiError } from '../src/api/api-error.js';
import { follow } from '../src/api/stream.js';

/** A server whose connections a test feeds, ends and refuses. */
class Server {
  readonly connections: { send(text: string): void; end(): void; isOpen: boolean }[] = [];
  refusal: ApiError | undefined;

  open = async (_method: string, _path: string, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<Response> => {
    if (this.refusal !== undefined) throw this.refusal;
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (made) => {
        controller = made;
      },
    });
    const connection = {
      isOpen: true,
      send: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
      end: () => controller?.close(),
    };
    signal?.addEventListener('abort', () => {
      connection.isOpen = false;
      controller?.error(signal.reason);
    });
    this.connections.push(connection);
    return new Response(body);
  };
}

function following() {
  const server = new Server();
  const clock = new FakeClock();
  const got: string[] = [];
  const messages: StreamEvent[] = [];
  const end = new AbortController();
  const done = follow(
    { api: server, clock, random: { next: () => 0.5 } },
    {
      on: (message) => {
        got.push(message.event);
        messages.push(message);
      },
      lost: (error) => got.push(`lost: ${(error as Error).message}`),
      refused: () => got.push('refused'),
    },
    end.signal,
  );
  return { server, clock, got, messages, end, done };
}

const BEAT = 'event: heartbeat\ndata: {"serverAt":1}\n\n';

describe('the stream', () => {
  test('gives messages as they come', async () => {
    const { server, clock, got, messages, end, done } = following();
    await clock.advance(seconds(0));
    server.connections[0]?.send(BEAT);
    await clock.advance(seconds(1));
    expect(got).toEqual(['heartbeat']);
    expect(messages[0]?.data).toEqual({ serverAt: 1 });
    end.abort();
    await done;
  });

  test('is asked for again when its connection ends, and is told to be lost meanwhile', async () => {
    const { server, clock, got, end, done } = following();
    await clock.advance(seconds(0));
    server.connections[0]?.end();
    await clock.advance(seconds(5));
    expect(got).toEqual(['lost: the server ended the connection']);
    expect(server.connections).toHaveLength(2);
    server.connections[1]?.send(BEAT);
    await clock.advance(seconds(1));
    expect(got.at(-1)).toBe('heartbeat');
    end.abort();
    await done;
  });

  test('is taken for lost after thirty silent seconds, and its connection is cut', async () => {
    const { server, clock, got, end, done } = following();
    await clock.advance(seconds(20));
    server.connections[0]?.send(BEAT);
    await clock.advance(seconds(29));
    expect(got).toEqual(['heartbeat']);
    expect(server.connections[0]?.isOpen).toBe(true);
    await clock.advance(seconds(2));
    expect(got[1]).toBe('lost: the server has been silent for too long');
    expect(server.connections[0]?.isOpen).toBe(false);
    end.abort();
    await done;
  });

  test('is asked for less and less often while it cannot be had', async () => {
    const { server, clock, got, end, done } = following();
    server.refusal = new ApiError('API_UNREACHABLE', 'down');
    await clock.advance(seconds(0));
    server.connections[0]?.end();
    await clock.advance(seconds(600));
    const tries = got.length;
    expect(tries).toBeGreaterThan(30);
    expect(tries).toBeLessThan(100);
    end.abort();
    await done;
  });

  test('ends when the token is no longer good', async () => {
    const { server, clock, got, done } = following();
    server.refusal = new ApiError('API_UNAUTHORIZED', 'expired');
    await clock.advance(seconds(0));
    server.connections[0]?.end();
    await clock.advance(seconds(5));
    await done;
    expect(got.at(-1)).toBe('refused');
  });

  test('ends quietly when nobody looks any more', async () => {
    const { server, clock, got, end, done } = following();
    await clock.advance(seconds(0));
    end.abort();
    await done;
    expect(got).toEqual([]);
    expect(server.connections[0]?.isOpen).toBe(false);
    expect(clock.sleeping).toBe(0);
  });
});
