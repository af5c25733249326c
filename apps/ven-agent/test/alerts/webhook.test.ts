import { afterEach, describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '@venfleet/core';
import { FakeClock, MemoryLogger, sequenceRandom } from '@venfleet/core/testing';
import type { AlertMessage } from '../../src/alerts/messages.js';
import { AlertWebhook, type Delivered } from '../../src/alerts/webhook.js';

const messageOf = (name: string): AlertMessage => ({
  version: '4',
  groupKey: `{}:{alertname="${name}"}`,
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'venfleet',
  groupLabels: { alertname: name },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: '',
  alerts: [],
});

class Receiver {
  readonly clock = new FakeClock();
  readonly logger = new MemoryLogger();
  readonly got: string[] = [];
  readonly ids: string[] = [];
  answer: Delivered = { kind: 'delivered' };
  readonly webhook: AlertWebhook;

  constructor(queue: readonly AlertMessage[] = []) {
    this.webhook = new AlertWebhook({
      post: async (body, id, signal) => {
        signal.throwIfAborted();
        this.got.push((JSON.parse(body) as AlertMessage).groupLabels.alertname as string);
        this.ids.push(id);
        return this.answer;
      },
      queue,
      clock: this.clock,
      random: sequenceRandom(0.999),
      logger: this.logger,
    });
    this.webhook.start();
    started.push(this.webhook);
  }
}

const started: AlertWebhook[] = [];
afterEach(async () => {
  for (const webhook of started.splice(0)) await webhook.stop();
});

describe('messages for a webhook', () => {
  test('are sent one after the other, in their order, those of the last life first', async () => {
    const receiver = new Receiver([messageOf('A')]);
    receiver.webhook.add(messageOf('B'));
    receiver.webhook.add(messageOf('C'));
    await receiver.clock.advance(seconds(1));
    expect(receiver.got).toEqual(['A', 'B', 'C']);
    expect(receiver.webhook.queue).toEqual([]);
  });

  test('wait while the receiver is away, are tried again with growing pauses, and come with the same id', async () => {
    const receiver = new Receiver();
    receiver.answer = { kind: 'unavailable', reason: 'status 503' };
    receiver.webhook.add(messageOf('A'));
    await receiver.clock.advance(minutes(2));
    const early = receiver.got.length;
    await receiver.clock.advance(minutes(20));
    expect(early).toBeGreaterThan(4);
    expect(receiver.got.length - early).toBeLessThanOrEqual(7);
    expect(receiver.webhook.problem).toBe('status 503');
    receiver.answer = { kind: 'delivered' };
    await receiver.clock.advance(minutes(5));
    expect([receiver.webhook.queue, receiver.webhook.problem]).toEqual([[], undefined]);
    expect(new Set(receiver.ids).size).toBe(1);
    expect(receiver.logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  test('wait as long as the receiver asks, a quarter of an hour at most', async () => {
    const receiver = new Receiver();
    receiver.answer = { kind: 'unavailable', reason: 'status 429', after: minutes(600) };
    receiver.webhook.add(messageOf('A'));
    await receiver.clock.advance(minutes(14));
    expect(receiver.got).toHaveLength(1);
    await receiver.clock.advance(minutes(2));
    expect(receiver.got).toHaveLength(2);
  });

  test('that are refused do not keep the next from being sent, and are counted', async () => {
    const receiver = new Receiver();
    receiver.answer = { kind: 'refused', reason: 'status 422' };
    receiver.webhook.add(messageOf('A'));
    await receiver.clock.advance(seconds(1));
    receiver.answer = { kind: 'delivered' };
    receiver.webhook.add(messageOf('B'));
    await receiver.clock.advance(seconds(1));
    expect(receiver.got).toEqual(['A', 'B']);
    expect(receiver.webhook.lost).toBe(1);
  });

  test('are a hundred at most: the oldest go, and are counted', async () => {
    const receiver = new Receiver();
    receiver.answer = { kind: 'unavailable', reason: 'away' };
    for (let i = 0; i < 130; i++) receiver.webhook.add(messageOf(`${i}`));
    await receiver.clock.advance(seconds(1));
    expect(receiver.webhook.queue).toHaveLength(100);
    expect(receiver.webhook.queue[0]?.groupLabels.alertname).toBe('30');
    expect(receiver.webhook.lost).toBe(30);
  });
});
