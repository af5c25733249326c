import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { hours, minutes, seconds, VenfleetError } from '@venfleet/core';
import { loadAgentConfig } from '../../src/config.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-alerts-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function load(alerts: object | undefined, env: NodeJS.ProcessEnv = {}) {
  const path = join(folder, 'config.yaml');
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ version: 1, ...(alerts === undefined ? {} : { alerts }) }));
  return loadAgentConfig({ config: path, state: join(folder, 'agent.db') }, env).alerts;
}

function mistakes(alerts: object): readonly string[] {
  try {
    load(alerts);
  } catch (error) {
    if (error instanceof VenfleetError) return error.details.map((detail) => detail.replace(/^.*?yaml:\d+: /, ''));
    throw error;
  }
  return [];
}

describe('the settings of alerts', () => {
  test('need not be there: alerts are watched for, and told to nobody', () => {
    expect(load(undefined)).toMatchObject({
      state: join(folder, 'alerts.json'),
      checkEvery: seconds(15),
      certificatesEvery: hours(1),
      atMostEvery: minutes(5),
      repeatEvery: hours(4),
      off: [],
    });
    expect(load(undefined).agent).toMatch(/^[^+#/\s]+$/);
    expect([load(undefined).webhook, load(undefined).mqtt]).toEqual([undefined, undefined]);
  });

  test('name secrets by reference, and the authorities to trust by file', () => {
    writeFileSync(join(folder, 'ca.pem'), 'PEM');
    const settings = load(
      {
        agent: 'pi-aalborg',
        off: ['DiskLow'],
        webhook: { url: 'https://hooks.example.org/x', token: 'env:HOOK', caFile: join(folder, 'ca.pem') },
        mqtt: { url: 'mqtts://broker.example.org', username: 'pi', password: 'env:BROKER' },
      },
      { HOOK: 't', BROKER: 'p' },
    );
    expect(settings.webhook).toEqual({ url: 'https://hooks.example.org/x', token: 't', ca: 'PEM' });
    expect(settings.mqtt).toEqual({
      url: 'mqtts://broker.example.org',
      topic: 'venfleet/pi-aalborg',
      username: 'pi',
      password: 'p',
      ca: undefined,
    });
    expect(settings.off).toEqual(['DiskLow']);
  });

  test('are refused with all their mistakes at once', () => {
    const wrong = {
      agent: 'a/b',
      off: ['NoSuchAlert'],
      often: 1,
      webhook: { url: 'http://user:pw@hooks.example.org', token: 'plain' },
      mqtt: { url: 'http://broker.example.org', topic: 'a/#' },
    };
    const found = mistakes(wrong).map((line) => line.split(':')[0]);
    expect([...new Set(found)].sort()).toEqual([
      'alerts.agent',
      'alerts.mqtt.topic',
      'alerts.mqtt.url',
      'alerts.off.0',
      'alerts.often',
      'alerts.webhook.token',
      'alerts.webhook.url',
    ]);
  });

  test('send secrets to another machine over TLS alone', () => {
    const token = 'env:HOOK';
    expect(mistakes({ webhook: { url: 'http://hooks.example.org', token } })).toEqual([
      'alerts.webhook.url: must be https where a token is sent to another machine',
    ]);
    expect(load({ webhook: { url: 'http://127.0.0.1:8080/x', token } }, { HOOK: 't' }).webhook?.token).toBe('t');
    expect(mistakes({ mqtt: { url: 'mqtt://broker.example.org', username: 'pi', password: token } })).toEqual([
      'alerts.mqtt.url: must be mqtts where a password is sent to another machine',
    ]);
    expect(load({ webhook: { url: 'http://hooks.example.org' } }).webhook?.token).toBeUndefined();
  });
});
