import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '@venfleet/core';
import { FakeClock, MemoryLogger, sequenceRandom } from '@venfleet/core/testing';
import { Alerts } from '../../src/alerts/alerts.js';
import { alertsSettings } from '../../src/alerts/config.js';
import type { AlertMessage } from '../../src/alerts/messages.js';
import { ALERTS } from '../../src/alerts/table.js';
import type { Delivered } from '../../src/alerts/webhook.js';
import type { AgentHealth } from '../../src/health/health.js';
import { brief, healthOf, venOf } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-alerts-'));
afterAll(() => rmSync(folder, { recursive: true }));
const lives: Life[] = [];
afterEach(async () => {
  for (const life of lives.splice(0)) await life.alerts.stop();
});

const lost = (...vens: string[]): AgentHealth => healthOf({ vens: vens.map((ven) => venOf(ven, { isLost: true })) });

/** One life of an agent's alerts. */
class Life {
  readonly logger = new MemoryLogger();
  readonly posted: string[] = [];
  readonly published = new Map<string, AlertMessage>();
  health: AgentHealth | undefined = healthOf();
  answer: Delivered = { kind: 'delivered' };
  connect = (): void => undefined;
  readonly alerts: Alerts;

  readonly clock: FakeClock;

  constructor(state: string, clock = new FakeClock()) {
    this.clock = clock;
    this.alerts = new Alerts({
      alerts: ALERTS,
      settings: { ...alertsSettings({ agent: 'pi' }, {}, folder), state },
      health: () => this.health,
      post: async (body) => {
        if (this.answer.kind === 'delivered') this.posted.push(brief(JSON.parse(body) as AlertMessage));
        return this.answer;
      },
      openPublisher: (connected) => {
        this.connect = connected;
        return {
          publish: (name, payload) => void this.published.set(name, JSON.parse(payload) as AlertMessage),
          close: async () => undefined,
        };
      },
      clock,
      random: sequenceRandom(0.5),
      logger: this.logger,
    });
    lives.push(this);
    this.alerts.start('http://127.0.0.1:9464');
  }

  get shown(): (string | undefined)[] {
    return ['firing', 'resolved'].map((status) => {
      const names = [...this.published].filter(([, message]) => message.status === status).map(([name]) => name);
      return names.length > 3 ? `${names.length}` : names.join();
    });
  }
}

let files = 0;
const stateFile = (): string => join(folder, `${++files}.json`);

describe('alerts of a running agent', () => {
  test('are told by webhook, by MQTT and in the log, once when they begin and once when they are over', async () => {
    const life = new Life(stateFile());
    await life.clock.advance(minutes(10));
    expect([life.posted, life.logger.lines, life.published.size]).toEqual([[], [], 0]);
    life.health = lost('Aalborg', 'Vejle');
    await life.clock.advance(minutes(5));
    expect(life.posted).toEqual([]);
    await life.clock.advance(seconds(30));
    expect(life.posted).toEqual(['VenSilent firing: Aalborg firing, Vejle firing']);
    expect(life.published.get('alerts/VenSilent')?.status).toBe('firing');
    expect(life.logger.lines.map(({ message, fields }) => [message, fields.alert, fields.instances])).toEqual([
      ['an alert fires', 'VenSilent', 2],
    ]);
    life.health = healthOf();
    await life.clock.advance(minutes(10));
    expect(life.posted[1]).toBe('VenSilent resolved: Aalborg resolved, Vejle resolved');
    expect(life.published.get('alerts/VenSilent')?.status).toBe('resolved');
    expect(life.posted).toHaveLength(2);
  });

  test('are told to a broker that comes back as they are now, every one of them', async () => {
    const life = new Life(stateFile());
    life.health = lost('Aalborg');
    await life.clock.advance(minutes(6));
    life.published.clear();
    life.connect();
    expect(life.shown).toEqual(['alerts/VenSilent', `${ALERTS.length - 1}`]);
  });

  test('go on over a restart: nothing is told twice, ends are told, and what waited is sent', async () => {
    const state = stateFile();
    const first = new Life(state);
    first.answer = { kind: 'unavailable', reason: 'away' };
    first.health = lost('Aalborg');
    await first.clock.advance(minutes(6));
    await first.alerts.stop();
    const second = new Life(state, first.clock);
    second.health = lost('Aalborg');
    await second.clock.advance(minutes(6));
    expect(second.posted).toEqual(['VenSilent firing: Aalborg firing']);
    await second.alerts.stop();
    const third = new Life(state, first.clock);
    await third.clock.advance(minutes(6));
    expect(third.posted).toEqual(['VenSilent resolved: Aalborg resolved']);
  });

  test('go on after a power cut: what fires is on the disk by then', async () => {
    const state = stateFile();
    const first = new Life(state);
    first.health = lost('Aalborg');
    await first.clock.advance(minutes(6));
    const { firing, told } = JSON.parse(readFileSync(state, 'utf8')) as { firing: unknown[]; told: unknown[] };
    expect([firing.length, told.length]).toEqual([1, 1]);
  });

  test('nothing is written while nothing changes', async () => {
    const state = stateFile();
    const life = new Life(state);
    await life.clock.advance(minutes(60));
    const before = existsSync(state) ? readFileSync(state, 'utf8') : '';
    rmSync(state, { force: true });
    await life.clock.advance(minutes(60));
    expect(before).toContain('"firing":[]');
    expect(existsSync(state)).toBe(false);
  });

  test('are told anew where the state is damaged, and as well where it cannot be kept', async () => {
    const state = stateFile();
    writeFileSync(state, '{"version":1,"firing":[{}');
    const life = new Life(state);
    rmSync(state);
    mkdirSync(state);
    life.health = lost('Aalborg');
    await life.clock.advance(minutes(6));
    expect(life.posted).toEqual(['VenSilent firing: Aalborg firing']);
    const warnings = life.logger.lines.map(({ message }) => message);
    expect(warnings.filter((message) => /anew|cannot be kept/.test(message))).toHaveLength(2);
  });

  test('conclude nothing while the agent is being started or stopped', async () => {
    const life = new Life(stateFile());
    life.health = lost('Aalborg');
    await life.clock.advance(minutes(6));
    life.health = undefined;
    await life.clock.advance(minutes(60));
    expect(life.posted).toHaveLength(1);
  });
});
