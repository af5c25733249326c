import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock, systemRandom } from '@venfleet/core';
import { MemoryLogger } from '@venfleet/core/testing';
import { encodeMessage, expandTopic } from '@venfleet/devices';
import { Aedes } from 'aedes';
import { type MqttSettings, openMqttWith } from '../../src/metering/adapters/mqtt-link.js';
import { Broker } from '../../src/metering/mqtt/broker.js';
import { catalog, resource } from './support.js';

const profile = catalog.mqtt('shelly-pro-3em');
const PASSWORD = 'correct horse';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

(hasOpenssl() ? describe : describe.skip)('a broker with TLS and a login (needs openssl on the path)', () => {
  let folder: string;
  let server: { port: number; aedes: Aedes };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'venfleet-mqtts-'));
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    const subject = ['-subj', '/CN=broker', '-addext', 'subjectAltName=IP:127.0.0.1'];
    for (const name of ['broker', 'another']) {
      const files = ['-keyout', join(folder, `${name}-key.pem`), '-out', join(folder, `${name}.pem`)];
      execFileSync('openssl', ['req', ...kind, ...subject, ...files], { stdio: 'ignore' });
    }
    writeFileSync(join(folder, 'password'), `${PASSWORD}\n`);
    writeFileSync(join(folder, 'wrong'), 'battery staple\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function startServer(): Promise<void> {
    const aedes = await Aedes.createBroker({
      authenticate: (_client, username, password, done) => done(null, username === 'agent' && password?.toString() === PASSWORD),
    });
    const sockets = new Set<Socket>();
    const certificate = { key: readFileSync(join(folder, 'broker-key.pem')), cert: readFileSync(join(folder, 'broker.pem')) };
    const listening = createServer(certificate, (socket) => {
      sockets.add(socket);
      aedes.handle(socket);
    });
    listening.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    server = { port: (listening.address() as AddressInfo).port, aedes };
    stops.push(async () => {
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listening.close(resolve));
    });
  }

  const log = new MemoryLogger();
  /** A meter behind the broker, through a connection of its own. */
  function meter(id: number, secretRef: string | null, settings: MqttSettings, env: NodeJS.ProcessEnv = {}) {
    const place = { resource: resource(id), topic: `m${id}`, profile };
    const broker = new Broker({
      plan: { host: '127.0.0.1', port: server.port, username: 'agent', secretRef, meters: [place], controllers: [] },
      open: openMqttWith(settings, systemRandom, env),
      replyPrefix: 'agent',
      clock: systemClock,
      logger: log,
    });
    broker.start();
    stops.push(() => broker.stop());
    const read = async () => {
      try {
        const samples = (await broker.drivers[0]?.read()) ?? [];
        return samples.map(({ values }) => values.powerW);
      } catch (error) {
        return `${(error as { code: string }).code}: ${(error as Error).message}`;
      }
    };
    return { broker, read };
  }

  const say = (id: number, powerW: number) => {
    const parameters = { topic: `m${id}`, client: 'agent/1', device: 'd', id: 1, ts: 1, time: '2026-01-01T00:00:00' };
    const topic = expandTopic(profile.messages.get('em')?.topic as string, { topic: `m${id}`, client: 'agent/1' });
    const payload = encodeMessage(profile, 'em', { powerW }, parameters);
    return new Promise<void>((resolve) =>
      server.aedes.publish({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false }, () => resolve()),
    );
  };

  test('takes a password from the environment or a file; who has a wrong one, or no trust, disturbs nobody', async () => {
    await startServer();
    const trusting = { tls: true, caFile: join(folder, 'broker.pem') };
    const byEnv = meter(1, 'env:BROKER_PASSWORD', trusting, { BROKER_PASSWORD: PASSWORD });
    const byFile = meter(2, `file:${join(folder, 'password')}`, trusting);
    const wrong = meter(3, `file:${join(folder, 'wrong')}`, trusting);
    const untrusted = meter(4, `file:${join(folder, 'password')}`, { tls: true });
    const otherAuthority = meter(5, `file:${join(folder, 'password')}`, { tls: true, caFile: join(folder, 'another.pem') });
    const unset = meter(6, 'env:BROKER_PASSWORD', trusting);
    const noAuthority = meter(7, `file:${join(folder, 'password')}`, { tls: true, caFile: join(folder, 'missing.pem') });
    // A read at the start waits until the broker has been met, and is then answered by what the meter says.
    for (const [id, { broker, read }] of [byEnv, byFile].entries()) {
      const asked = read();
      while (!broker.reachable) await new Promise((resolve) => setImmediate(resolve));
      await say(id + 1, 300);
      expect(await asked).toEqual([300]);
    }
    expect(await wrong.read()).toMatch(/^BROKER_UNREACHABLE: .*not authorized/i);
    expect(await untrusted.read()).toMatch(/^BROKER_UNREACHABLE: .*certificate/i);
    expect(await otherAuthority.read()).toMatch(/^BROKER_UNREACHABLE: .*certificate/i);
    expect(await unset.read()).toMatch(/^SECRET_MISSING: the secret env:BROKER_PASSWORD is not set/);
    expect(await noAuthority.read()).toMatch(/^FILE_UNREADABLE: cannot read the CA file .*missing\.pem/);
    expect(await byEnv.read()).not.toMatch(/BROKER/);
    expect(JSON.stringify(log.lines)).not.toContain(PASSWORD);
  });
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
