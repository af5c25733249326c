import { connect as connectTcp } from 'node:net';
import { connect, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canMakeCertificates, makeCertificate } from '@venfleet/core/testing';
import { Agent, request } from 'undici';
import { buildVtnMock, type VtnAddress, type VtnMock } from '../src/index.js';
import { CLIENTS } from './support/vtn.js';

(canMakeCertificates ? describe : describe.skip)('a VTN with TLS (needs openssl on the path)', () => {
  let identity: { cert: string; key: string };
  let other: { cert: string; key: string };
  let vtn: VtnMock;
  let address: VtnAddress;
  beforeAll(async () => {
    [identity, other] = [makeCertificate(), makeCertificate()];
    vtn = buildVtnMock({ port: 0, clients: CLIENTS, tls: identity, rootPorts: { '3.1.0': 0 } });
    address = await vtn.start();
  });
  afterAll(async () => await vtn.stop());

  const port = () => Number(new URL(address.origin).port);

  const get = async (url: string, ca: string) => {
    const dispatcher = new Agent({ connect: { ca } });
    try {
      const { statusCode, body } = await request(url, { dispatcher });
      // biome-ignore lint/suspicious/noExplicitAny: answers are examined member by member.
      return { status: statusCode, body: (await body.json()) as any };
    } finally {
      await dispatcher.close();
    }
  };

  it('serves https on each of its ports, and says so where it names URLs', async () => {
    for (const url of [address.origin, ...Object.values(address.urls), ...Object.values(address.rootUrls)]) {
      expect(url).toMatch(/^https:/);
    }
    for (const url of [address.urls['3.1.0'], address.rootUrls['3.1.0']]) {
      const { status, body } = await get(`${url}/auth/server`, identity.cert);
      expect([status, body]).toEqual([200, { tokenURL: `${url}/auth/token` }]);
    }
  });

  it('is refused by who does not know its authority', async () => {
    await expect(get(`${address.origin}/healthz`, other.cert)).rejects.toThrow(/certificate/i);
  });

  it.each<[SecureVersion, boolean]>([
    ['TLSv1', false],
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ])('%s: %s', async (version, taken) => {
    const connected = await new Promise<boolean>((resolve) => {
      // Security level 0, so that it is not this side that refuses old versions.
      const ciphers = 'DEFAULT@SECLEVEL=0';
      const options = { port: port(), host: '127.0.0.1', ca: identity.cert, minVersion: version, maxVersion: version, ciphers };
      const socket = connect(options, () => {
        resolve(true);
        socket.destroy();
      });
      socket.on('error', () => resolve(false));
    });
    expect(connected).toBe(taken);
  });

  it('has nothing to say to who speaks plain HTTP', async () => {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connectTcp(port(), '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n'));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
    });
    expect(answer).not.toContain('200');
  });

  it('does not start with a key that is not the certificate’s, or with what is neither', async () => {
    for (const [tls, message] of [
      [{ cert: identity.cert, key: other.key }, 'not that of the certificate'],
      [{ cert: 'x', key: identity.key }, 'no PEM certificate'],
      [{ cert: identity.cert, key: 'x' }, 'no PEM private key'],
    ] as const) {
      const broken = buildVtnMock({ port: 0, tls });
      await expect(broken.start()).rejects.toMatchObject({ code: 'TLS_INVALID', message: expect.stringContaining(message) });
    }
  });
});
