import { createSocket } from 'node:dgram';
import { describe, expect, it } from '@jest/globals';
import { silentLogger, systemClock } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import fc from 'fast-check';
import { announceVtns, chooseVtn, discoverVtns, type FoundService, type FoundVtn, WIRE_VERSIONS } from '../src/index.js';
import { browseServices } from '../src/mdns/network.js';
import { decodeService, encodeTxt } from '../src/mdns/service.js';

const announced = {
  version: '3.1.0',
  basePath: '/openadr3/3.1.0',
  localUrl: 'https://vtn.local:8443/openadr3/3.1.0',
  programNames: ['a', 'b'],
  requiresAuth: true,
  openapiUrl: 'https://vtn.local:8443/openadr3/3.1.0/openapi.json',
} as const;
const service: FoundService = {
  name: 'v',
  host: 'vtn.local',
  port: 8443,
  addresses: ['192.168.1.7', 'fe80::1'],
  txt: encodeTxt(announced),
};

describe('what a VTN announces', () => {
  it('has the entries of the 3.1 Definition', () => {
    expect(encodeTxt(announced)).toEqual({
      version: '3.1.0',
      base_path: '/openadr3/3.1.0',
      local_url: 'https://vtn.local:8443/openadr3/3.1.0',
      program_names: 'a,b',
      requires_auth: 'True',
      openapi_url: 'https://vtn.local:8443/openadr3/3.1.0/openapi.json',
    });
  });

  it('has as many program names as fit into an entry', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' }), { maxLength: 20 }), (programNames) => {
        const { program_names: names = '' } = encodeTxt({ ...announced, programNames });
        expect(Buffer.byteLength(`program_names=${names}`)).toBeLessThanOrEqual(255);
      }),
    );
  });

  it('is read back: the name first, then the addresses', () => {
    expect(decodeService(service)).toEqual({
      name: 'v',
      version: '3.1.0',
      urls: [
        'https://vtn.local:8443/openadr3/3.1.0',
        'https://192.168.1.7:8443/openadr3/3.1.0',
        'https://[fe80::1]:8443/openadr3/3.1.0',
      ],
    });
  });

  it('needs no TXT record: then it is https at the root', () => {
    expect(decodeService({ ...service, addresses: [], txt: {} })).toEqual({
      name: 'v',
      version: undefined,
      urls: ['https://vtn.local:8443'],
    });
  });

  it('may be anything: nothing is thrown, and no other scheme is taken', () => {
    expect(decodeService({ ...service, txt: { local_url: 'file:///etc/passwd' } })).toBeUndefined();
    const text = fc.oneof(fc.string(), fc.webUrl(), fc.constant(undefined), fc.boolean());
    const txt = fc.record({ version: text, base_path: text, local_url: text });
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 65_535 }), txt, (host, port, entries) => {
        const urls = decodeService({ ...service, host, port, txt: entries })?.urls ?? [];
        expect(urls.every((url) => /^https?:$/.test(new URL(url).protocol))).toBe(true);
      }),
    );
  });
});

describe('which VTN is meant', () => {
  const vtn = (name: string, version: FoundVtn['version'], url: string): FoundVtn => ({ name, version, urls: [url] });
  const [old, current] = [vtn('v 3.0.1', '3.0.1', 'https://v.local/3.0.1'), vtn('v 3.1.0', '3.1.0', 'https://v.local/3.1.0')];
  const plain = vtn('plain', '3.1.0', 'http://p.local:8000/3.1.0');

  it('the only one, of its versions the newest unless one is wanted, in either order', () => {
    for (const found of [
      [old, current],
      [current, old],
    ]) {
      expect(chooseVtn(found, { insecure: false })).toBe(current);
      expect(chooseVtn(found, { insecure: false, version: '3.0.1' })).toBe(old);
      expect(chooseVtn(found, { insecure: false, name: 'v 3.0.1' })).toBe(old);
    }
  });

  it('one without TLS only where that was said', () => {
    expect(chooseVtn([plain, current], { insecure: false })).toBe(current);
    expect(() => chooseVtn([plain], { insecure: false })).toThrow('no VTN that fits');
    expect(chooseVtn([plain], { insecure: true })).toBe(plain);
  });

  it('none, or several: says which there are', () => {
    expect(() => chooseVtn([], { insecure: false })).toThrow('no VTN announces itself');
    try {
      chooseVtn([plain, current], { insecure: true });
      throw new Error('chosen');
    } catch (error) {
      expect(error).toMatchObject({ code: 'VTN_NOT_FOUND', hint: expect.stringContaining('mdns:NAME'), details: { length: 2 } });
    }
  });
});

describe('discovery', () => {
  it('listens for its time, keeps what it understands, and stops listening', async () => {
    const [clock, logger] = [new FakeClock(), new MemoryLogger()];
    let stopped = 0;
    let find: (found: FoundService) => void = () => undefined;
    const found = discoverVtns({
      clock,
      logger,
      browse: (onFound) => {
        find = onFound;
        return () => {
          stopped++;
        };
      },
    });
    find(service);
    find(service);
    find({ ...service, name: 'odd', txt: { local_url: 'ftp://x' } });
    await clock.advance(3_000 as never);
    expect((await found).map(({ name }) => name)).toEqual(['v']);
    expect(stopped).toBe(1);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { name: 'odd' } }]);
  });

  it('ends at once when it is aborted', async () => {
    const stop = new AbortController();
    let stopped = false;
    const browse = () => () => {
      stopped = true;
    };
    const found = discoverVtns({ clock: new FakeClock(), logger: silentLogger, signal: stop.signal, browse });
    stop.abort();
    await expect(found).rejects.toThrow();
    expect(stopped).toBe(true);
  });
});

/** Whether this machine carries multicast on its loopback interface. */
const multicastWorks = await new Promise<boolean>((resolve) => {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const end = (works: boolean) => {
    clearTimeout(timer);
    socket.close();
    resolve(works);
  };
  const timer = setTimeout(() => end(false), 2_000);
  socket.on('error', () => end(false));
  socket.on('message', () => end(true));
  socket.bind(0, () => {
    try {
      socket.addMembership('224.0.0.251', '127.0.0.1');
      socket.setMulticastInterface('127.0.0.1');
      socket.setMulticastLoopback(true);
      socket.send('hello', socket.address().port, '224.0.0.251');
    } catch {
      end(false);
    }
  });
});

(multicastWorks ? describe : describe.skip)('over the network (needs multicast on the loopback interface)', () => {
  it('an announced VTN is found, with all versions that it has, until it is taken back', async () => {
    const probe = createSocket('udp4');
    const port = await new Promise<number>((resolve) => probe.bind(0, '127.0.0.1', () => resolve(probe.address().port)));
    probe.close();
    const place = { interface: '127.0.0.1', port };
    const announcements = WIRE_VERSIONS.map((version) => ({
      name: `test ${version}`,
      host: 'vtn.local',
      port: 8443,
      vtn: { ...announced, version, localUrl: `https://vtn.local:8443/${version}` },
    }));
    const takeBack = announceVtns(announcements, silentLogger, place);
    const seen: FoundService[] = [];
    await new Promise<void>((resolve) => {
      const stop = browseServices(
        (found) => {
          seen.push(found);
          if (seen.length < WIRE_VERSIONS.length) return;
          stop();
          resolve();
        },
        silentLogger,
        place,
      );
    });
    const found = seen.map((each) => decodeService(each)).sort((a, b) => String(a?.version).localeCompare(String(b?.version)));
    expect(found.map((vtn) => [vtn?.version, vtn?.urls[0]])).toEqual(
      WIRE_VERSIONS.map((version) => [version, `https://vtn.local:8443/${version}`]).sort(),
    );
    await takeBack();
    const none = await discoverVtns({
      clock: systemClock,
      logger: silentLogger,
      patience: 300 as never,
      browse: (onFound, logger) => browseServices(onFound, logger, place),
    });
    expect(none).toEqual([]);
  });
});
