import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Duration, type Instant, seconds, VenfleetError } from '@venfleet/core';
import { documentedMetrics, metricsTable } from '@venfleet/core/testing';
import type { AgentHealth } from '../../src/health/health.js';
import { OpsServer } from '../../src/ops/server.js';
import type { AgentStatus } from '../../src/run/status.js';
import { healthOf, STATUS } from '../alerts/support.js';
import { resource } from '../metering/support.js';

const servers: OpsServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const status = (changes: Partial<AgentStatus> = {}): AgentStatus => ({
  ...STATUS,
  metering: { ...STATUS.metering, meters: 2, answering: 1, problems: { METER_TIMEOUT: 1 }, readings: 7, onTime: 7, failed: 2 },
  reporting: { acknowledged: 5, waiting: 1, problem: undefined },
  ...changes,
});

/** As no URL library would send it. */
const statusOf = (url: string, path: string) =>
  new Promise((resolve) => get({ host: '127.0.0.1', port: new URL(url).port, path }, ({ statusCode }) => resolve(statusCode)));

async function serve(
  now: () => AgentStatus | undefined,
  explain?: (resource: string, at?: Instant) => unknown,
  more: () => Partial<AgentHealth> = () => ({}),
): Promise<{ url: string; server: OpsServer }> {
  const counts = { scheduled: 1, onTime: 1, late: 0, failed: 0, skipped: 0, hasAnswered: true };
  const meters = () => [
    { resource: resource(1), where: 'modbus gw:502 unit 1 (abc)', ...counts, problem: undefined },
    {
      resource: resource(2),
      where: 'modbus gw:502 unit 2 (abc)',
      ...counts,
      problem: { code: 'METER_TIMEOUT', message: 'no answer', hint: 'is it on?' },
    },
    { resource: resource(3), where: 'mqtt broker:1883 a/b (abc)', ...counts, problem: undefined },
  ];
  const doubts = ({ id }: { id: number }) => (id === 3 ? ['IMPLAUSIBLE'] : []);
  const health = (): AgentHealth | undefined => {
    const of = now();
    return of && healthOf({ ...of, ...more() });
  };
  const server = new OpsServer({ host: '127.0.0.1', port: 0, status: now, health, meters, doubts, alerts: () => [], explain });
  servers.push(server);
  return { url: await server.start(), server };
}

describe('the ops endpoints', () => {
  test('say that the process turns', async () => {
    const { url } = await serve(() => undefined);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('say that the agent is ready, or why not', async () => {
    let now: AgentStatus | undefined = status();
    const { url } = await serve(() => now);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    now = status({ alarms: new Map([['READINGS_LOST', '5 readings']]) });
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, reasons: ['READINGS_LOST: 5 readings'] });
    now = undefined;
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });

  test('give metrics that Prometheus reads', async () => {
    const { url } = await serve(() => status());
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    for (const line of [
      'ven_agent_ready 1',
      'ven_agent_meters_answering 1',
      'ven_agent_meter_problems{code="METER_TIMEOUT"} 1',
      'ven_agent_slots_total{outcome="onTime"} 7',
      'ven_agent_reports_acknowledged_total 5',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  test('give no metric for what is not known', async () => {
    let offset: Duration | undefined = seconds(-3);
    const { url } = await serve(
      () => status(),
      undefined,
      () => ({ clockOffset: offset }),
    );
    const line = async () => /^ven_agent_clock_offset_seconds .*$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[0];
    expect(await line()).toBe('ven_agent_clock_offset_seconds -3');
    offset = undefined;
    expect(await line()).toBeUndefined();
  });

  test('give the metrics that the documentation lists, and no others', async () => {
    const { url } = await serve(() => status());
    expect(documentedMetrics('ven-agent')).toBe(metricsTable(await (await fetch(`${url}/metrics`)).text()));
  });

  test('are pages that the documentation names, each of them', async () => {
    const { url } = await serve(() => status());
    const { pages } = (await (await fetch(`${url}/nothing`)).json()) as { pages: string[] };
    const text = readFileSync(join(import.meta.dirname, '../../../../docs/monitoring.md'), 'utf8');
    expect(pages.filter((page) => !text.includes(`\`${page}`))).toEqual([]);
  });

  test('list the meters, or only those that give no value or one in doubt: where each is, why, and what to do', async () => {
    const { url } = await serve(() => status());
    const list = async (query: string) =>
      ((await (await fetch(`${url}/meters${query}`)).json()) as { meters: { name: string }[] }).meters;
    expect((await list('')).map(({ name }) => name)).toEqual(['site 1', 'site 2', 'site 3']);
    expect(await list('?problem')).toMatchObject([
      {
        name: 'site 2',
        where: 'modbus gw:502 unit 2 (abc)',
        flags: [],
        problem: { code: 'METER_TIMEOUT', message: 'no answer', hint: 'is it on?' },
      },
      { name: 'site 3', where: 'mqtt broker:1883 a/b (abc)', flags: ['IMPLAUSIBLE'], problem: null },
    ]);
  });

  test('refuse other pages and methods', async () => {
    const { url } = await serve(() => status());
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(405);
    expect(await statusOf(url, '//')).toBe(404);
    expect(await statusOf(url, '/__proto__')).toBe(404);
  });

  test('answer a fault of a page with 500, and go on', async () => {
    const { url } = await serve(() => {
      throw new Error('out of order');
    });
    expect((await fetch(`${url}/readyz`)).status).toBe(500);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('explain a resource, at a time, or say why they cannot', async () => {
    const asked: unknown[] = [];
    const explain = (resource: string, at?: Instant) => {
      asked.push([resource, at]);
      if (resource === 'x') throw new VenfleetError('RESOURCE_UNKNOWN', 'this agent has no resource x');
      return { limit: 5 };
    };
    const { url } = await serve(() => status(), explain);
    const ask = async (query: string) => {
      const response = await fetch(`${url}/explain${query}`);
      return [response.status, await response.json()];
    };
    expect(await ask('?resource=a&at=2026-06-15T10:00:00Z')).toEqual([200, { limit: 5 }]);
    expect(asked).toEqual([['a', Date.parse('2026-06-15T10:00:00Z')]]);
    expect(await ask('?resource=x')).toMatchObject([404, { code: 'RESOURCE_UNKNOWN' }]);
    expect(await ask('')).toMatchObject([400, { code: 'QUERY_INVALID' }]);
    expect(await ask('?resource=a&at=noon')).toMatchObject([400, { code: 'QUERY_INVALID' }]);
    const without = await serve(() => status());
    expect((await fetch(`${without.url}/explain?resource=a`)).status).toBe(404);
  });

  test('say which port is taken', async () => {
    const { url } = await serve(() => status());
    const other = new OpsServer({
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      status: () => undefined,
      health: () => undefined,
      meters: () => [],
      doubts: () => [],
      alerts: () => [],
    });
    await expect(other.start()).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });
});
