import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { hours, instant, milliseconds, silentLogger, systemClock } from '@venfleet/core';
import { canMakeCertificates, makeCertificate } from '@venfleet/core/testing';
import { fileUntil, servedUntil } from '../../src/health/certificate.js';
import { Surroundings, type SurroundingsOptions } from '../../src/health/surroundings.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-surroundings-'));
afterAll(() => rmSync(folder, { recursive: true }));
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const never = new AbortController().signal;
const inDays = (days: number) => instant(systemClock.now() + hours(24 * days));

function watch(options: Partial<SurroundingsOptions>): Surroundings {
  const surroundings = new Surroundings({
    folders: [],
    vtnUrl: () => undefined,
    webhookCertificate: undefined,
    certificatesEvery: milliseconds(20),
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
  surroundings.start();
  stops.push(() => surroundings.stop());
  return surroundings;
}

async function serve(certificate: { cert: string; key: string }): Promise<{ url: string; server: Server }> {
  const server = createServer(certificate, (_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/openadr3`, server };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('disks', () => {
  test('are told by their folder; a folder that is not there is left out', async () => {
    const surroundings = watch({ folders: [folder, join(folder, 'none')] });
    await until(() => surroundings.disks.length > 0);
    expect(surroundings.disks).toHaveLength(1);
    const [disk] = surroundings.disks;
    expect(disk?.folder).toBe(folder);
    expect(disk?.freeBytes).toBeGreaterThan(0);
    expect(disk?.freeBytes).toBeLessThanOrEqual(disk?.totalBytes ?? 0);
  });
});

(canMakeCertificates ? describe : describe.skip)('certificates (needs openssl on the path)', () => {
  test('are read from who shows them, trusted or not', async () => {
    const { url } = await serve(makeCertificate(30));
    const until = await servedUntil(url, systemClock, never);
    expect(Math.abs((until ?? 0) - inDays(30))).toBeLessThan(hours(1));
  });

  test('are not known of who is not there, or speaks no TLS', async () => {
    expect(await servedUntil('https://127.0.0.1:1/', systemClock, never)).toBeUndefined();
    expect(fileUntil(join(folder, 'none.pem'))).toBeUndefined();
  });

  test('are looked at again and again, and what the VTN showed last stays while it is away', async () => {
    const path = join(folder, 'own.pem');
    writeFileSync(path, makeCertificate(60).cert);
    const { url, server } = await serve(makeCertificate(30));
    const surroundings = watch({ vtnUrl: () => url, webhookCertificate: path });
    const days = () =>
      surroundings.certificates.map(({ certificate, validUntil }) => [
        certificate,
        Math.round((validUntil - systemClock.now()) / hours(24)),
      ]);
    await until(() => surroundings.certificates.length === 2);
    expect(days()).toEqual([
      ['vtn', 30],
      ['webhook', 60],
    ]);
    server.setSecureContext(makeCertificate(3));
    writeFileSync(path, makeCertificate(1).cert);
    await until(() => days().every(([, left]) => Number(left) < 5));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(days()).toEqual([
      ['vtn', 3],
      ['webhook', 1],
    ]);
  });

  test('are none where the VTN has no TLS', async () => {
    const surroundings = watch({ folders: [folder], vtnUrl: () => 'http://127.0.0.1:1/' });
    await until(() => surroundings.disks.length > 0);
    expect(surroundings.certificates).toEqual([]);
  });
});
