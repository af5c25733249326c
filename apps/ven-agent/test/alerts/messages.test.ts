import { describe, expect, test } from '@jest/globals';
import { type Duration, hours, instant, minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { type AlertMessage, Messages, type ToldRecord } from '../../src/alerts/messages.js';
import type { Alert, AlertInstance } from '../../src/alerts/model.js';
import { ALERTS } from '../../src/alerts/table.js';
import { brief } from './support.js';

const [silent, stalled] = ALERTS as readonly [Alert, Alert];

class Desk {
  readonly clock: FakeClock;
  readonly messages: Messages;

  constructor(clock = new FakeClock('2026-06-15T10:00:00Z'), told: readonly ToldRecord[] = []) {
    this.clock = clock;
    const times = { atMostEvery: minutes(5), repeatEvery: hours(4) };
    this.messages = new Messages({ ...times, alerts: [silent, stalled], agent: 'pi', clock }, told);
  }

  firing(alert: Alert, ...vens: string[]): AlertInstance[] {
    return vens.map((ven) => ({ alert, labels: { ven }, state: 'firing', since: this.clock.now(), value: 1 }));
  }

  tell(...instances: AlertInstance[]): string[] {
    return this.messages.next(instances).map(brief);
  }

  async after(duration: Duration, ...instances: AlertInstance[]): Promise<string[]> {
    await this.clock.advance(duration);
    return this.tell(...instances);
  }
}

describe('what is told', () => {
  test('is all instances of an alert in one message, at once, and each alert by itself', () => {
    const desk = new Desk();
    const instances = [...desk.firing(silent, 'Aalborg', 'Vejle'), ...desk.firing(stalled, 'Ribe')];
    expect(desk.tell(...instances)).toEqual([
      'VenSilent firing: Aalborg firing, Vejle firing',
      'EventFeedStalled firing: Ribe firing',
    ]);
  });

  test('is nothing of what is only pending', () => {
    const desk = new Desk();
    const pending = desk.firing(silent, 'Aalborg').map((one): AlertInstance => ({ ...one, state: 'pending' }));
    expect(desk.tell(...pending)).toEqual([]);
  });

  test('is each change once, and not again while nothing changes', async () => {
    const desk = new Desk();
    const [aalborg, vejle] = desk.firing(silent, 'Aalborg', 'Vejle') as [AlertInstance, AlertInstance];
    expect(desk.tell(aalborg)).toHaveLength(1);
    expect(await desk.after(minutes(6), aalborg)).toEqual([]);
    expect(await desk.after(minutes(6), aalborg, vejle)).toEqual(['VenSilent firing: Aalborg firing, Vejle firing']);
    expect(await desk.after(minutes(6), vejle)).toEqual(['VenSilent firing: Vejle firing, Aalborg resolved']);
    expect(await desk.after(minutes(6))).toEqual(['VenSilent resolved: Vejle resolved']);
    expect(await desk.after(hours(9))).toEqual([]);
  });

  test('is never told of one alert twice within the least time, nor what came and went meanwhile', async () => {
    const desk = new Desk();
    const vens = desk.firing(silent, 'Aalborg', 'Vejle', 'Ribe') as [AlertInstance, AlertInstance, AlertInstance];
    expect(desk.tell(vens[0])).toHaveLength(1);
    expect(await desk.after(minutes(1), vens[0], vens[1])).toEqual([]);
    expect(await desk.after(minutes(1), vens[0], vens[1], vens[2])).toEqual([]);
    expect(await desk.after(minutes(2), vens[0], vens[2])).toEqual([]);
    expect(await desk.after(minutes(1), vens[0], vens[2])).toEqual(['VenSilent firing: Aalborg firing, Ribe firing']);
  });

  test('goes on to be told now and then', async () => {
    const desk = new Desk();
    const instances = desk.firing(silent, 'Aalborg');
    expect(desk.tell(...instances)).toHaveLength(1);
    expect(await desk.after(minutes(239), ...instances)).toEqual([]);
    expect(await desk.after(minutes(1), ...instances)).toEqual(['VenSilent firing: Aalborg firing']);
    expect(await desk.after(minutes(239), ...instances)).toEqual([]);
  });

  test('is at most twelve messages an hour of an alert that flaps all the time', async () => {
    const desk = new Desk();
    let told = 0;
    for (let i = 0; i < 240; i++) told += (await desk.after(seconds(15), ...desk.firing(silent, `VEN ${i % 7}`))).length;
    expect(told).toBeGreaterThan(1);
    expect(told).toBeLessThanOrEqual(12);
  });

  test('is cut off after a hundred instances, and says so', () => {
    const desk = new Desk();
    const vens = Array.from({ length: 158 }, (_, i) => `VEN ${i}`);
    const [message] = desk.messages.next(desk.firing(silent, ...vens));
    expect([message?.alerts.length, message?.truncatedAlerts]).toEqual([100, 58]);
  });
});

describe('a next life', () => {
  test('tells nothing twice, repeats when it is time, and tells of ends', async () => {
    const before = new Desk();
    const instances = before.firing(silent, 'Aalborg');
    before.tell(...instances);
    await before.clock.advance(hours(3));
    const after = new Desk(before.clock, before.messages.records());
    expect(after.tell(...instances)).toEqual([]);
    expect(await after.after(hours(1), ...instances)).toEqual(['VenSilent firing: Aalborg firing']);
    const last = new Desk(before.clock, after.messages.records());
    expect(await last.after(minutes(5))).toEqual(['VenSilent resolved: Aalborg resolved']);
  });

  test('on a clock that was set back waits no longer than usual', async () => {
    const before = new Desk();
    const instances = before.firing(silent, 'Aalborg');
    before.tell(...instances);
    const after = new Desk(new FakeClock(instant(before.clock.now() - hours(1000))), before.messages.records());
    expect(await after.after(hours(4), ...instances)).toHaveLength(1);
  });
});

describe('a message', () => {
  test('has the form of the webhook of Alertmanager, version 4', async () => {
    const desk = new Desk();
    desk.messages.externalUrl = 'http://127.0.0.1:9464';
    const [firing] = desk.messages.next(desk.firing(silent, 'Aalborg')) as [AlertMessage];
    expect(firing).toEqual({
      version: '4',
      groupKey: '{}:{alertname="VenSilent"}',
      truncatedAlerts: 0,
      status: 'firing',
      receiver: 'venfleet',
      groupLabels: { alertname: 'VenSilent' },
      commonLabels: { alertname: 'VenSilent', severity: 'critical', agent: 'pi' },
      commonAnnotations: { summary: silent.summary, action: silent.action, runbook_url: 'docs/runbook.md#vensilent' },
      externalURL: 'http://127.0.0.1:9464',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'VenSilent', severity: 'critical', agent: 'pi', ven: 'Aalborg' },
          annotations: {
            ...{ summary: silent.summary, action: silent.action, runbook_url: 'docs/runbook.md#vensilent' },
            description: 'Aalborg cannot read the VTN’s events',
          },
          startsAt: '2026-06-15T10:00:00.000Z',
          endsAt: '0001-01-01T00:00:00Z',
        },
      ],
    });
    await desk.clock.advance(minutes(5));
    const [over] = desk.messages.next([]) as [AlertMessage];
    expect([over.status, over.alerts[0]?.status, over.alerts[0]?.endsAt]).toEqual([
      'resolved',
      'resolved',
      '2026-06-15T10:05:00.000Z',
    ]);
  });
});
