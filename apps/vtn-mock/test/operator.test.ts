import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { instant, minutes, seconds, systemClock } from '@venfleet/core';
import { vtnMockProgram } from '../src/cli.js';
import { parseLength, parsePayload, parseReport, parseStart, parseTarget } from '../src/operator/arguments.js';
import { Receiver, subscription } from './support/receiver.js';
import { type Api, CLIENTS, makeVen, TestVtn, VERSIONS } from './support/vtn.js';

describe('options of events', () => {
  const now = instant(1_000_000);

  it.each([
    ['30s', seconds(30)],
    ['15m', minutes(15)],
    ['1.5h', minutes(90)],
    ['PT15M', minutes(15)],
    ['forever', 'forever'],
  ])('--interval %s', (text, length) => expect(parseLength(text)).toBe(length));

  it.each(['', '15', '15 m', '-5m', '-PT5M', 'x'])('--interval %j is refused', (text) =>
    expect(() => parseLength(text)).toThrow('length'),
  );

  it('--at', () => {
    const parse = parseStart(() => now);
    expect(parse('now')).toBe('now');
    expect(parse('+2m')).toBe(now + minutes(2));
    expect(parse('2026-06-15T11:30:00+02:00')).toBe(Date.parse('2026-06-15T09:30:00Z'));
    for (const wrong of ['soon', '+', '+0s', '+forever', '2026-06-15']) expect(() => parse(wrong)).toThrow('It must');
  });

  it('--payload and --target', () => {
    expect(parsePayload('PRICE=0.17,-1,true,high')).toEqual({ type: 'PRICE', values: [0.17, -1, true, 'high'] });
    expect(parsePayload('ALERT_OTHER=')).toEqual({ type: 'ALERT_OTHER', values: [''] });
    expect(() => parsePayload('PRICE')).toThrow('TYPE=VALUE');
    expect(parseTarget('north')).toBe('north');
    expect(parseTarget('GROUP=1,b')).toEqual({ type: 'GROUP', values: ['1', 'b'] });
  });

  it('--report', () => {
    const plain = { historical: true, aggregate: false, reportIntervals: 'INTERVALS' };
    expect(parseReport('USAGE')).toEqual({ ...plain, payloadType: 'USAGE' });
    expect(parseReport('READING:MEAN:units=KW:every=15m:repeat=4')).toEqual({
      ...plain,
      payloadType: 'READING',
      readingType: 'MEAN',
      units: 'KW',
      every: minutes(15),
      repeat: 4,
    });
    expect(parseReport('USAGE:aggregate:forecast:sub')).toEqual({
      payloadType: 'USAGE',
      historical: false,
      aggregate: true,
      reportIntervals: 'SUB_INTERVALS',
    });
    for (const wrong of ['', 'USAGE:more', 'USAGE:every=x', 'USAGE:repeat=-1', 'USAGE:MEAN:PEAK', 'USAGE:units=']) {
      expect(() => parseReport(wrong)).toThrow('It must');
    }
  });
});

describe.each(VERSIONS)('the operator’s commands at a VTN of %s', (version) => {
  let vtn: TestVtn;
  let bl: Api;
  let folder: string;
  let printed: string;
  beforeAll(async () => {
    // Reports are due by real time, as that is what an operator has.
    vtn = await new TestVtn({ clock: systemClock }).start();
    bl = vtn.api(version, 'bl');
    folder = mkdtempSync(join(tmpdir(), 'vtn-operator-'));
    writeFileSync(join(folder, 'credentials.json'), JSON.stringify({ version: 1, clients: CLIENTS }));
    process.setMaxListeners(100);
  });
  afterAll(async () => {
    await vtn.stop();
    rmSync(folder, { recursive: true });
    process.exitCode = 0;
  });
  beforeEach(() => {
    printed = '';
    process.exitCode = 0;
  });

  // biome-ignore lint/suspicious/noExplicitAny: JSON that is examined member by member.
  async function command(...words: string[]): Promise<any> {
    printed = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += text;
      return true;
    });
    try {
      const program = vtnMockProgram();
      for (const each of [program, ...program.commands]) each.configureOutput({ writeErr() {} });
      const connection = ['--url', vtn.address.urls[version], '--credentials', join(folder, 'credentials.json')];
      await program.parseAsync(['node', 'vtn-mock', ...words, ...connection]);
    } finally {
      write.mockRestore();
    }
    return words.includes('--json') ? JSON.parse(printed) : printed;
  }

  it('create, list and delete an event, making its program when it is missing', async () => {
    const made = await command(
      ...['event', 'create', '--json', '--program', 'cli', '--name', 'n', '--at', '2026-06-15T10:00:00Z'],
      ...[
        '--interval',
        '15m',
        '--count',
        '8',
        '--payload',
        'PRICE=0.17',
        '--priority',
        '1',
        '--report',
        'USAGE:SUMMED:units=KWH:every=1h',
      ],
    );
    const [program] = (await bl.ok(bl.get('/programs'))).filter((p: { programName: string }) => p.programName === 'cli');
    expect(await bl.ok(bl.get(`/events/${made.id}`))).toMatchObject({
      programID: program.id,
      eventName: 'n',
      priority: 1,
      intervalPeriod: { start: '2026-06-15T10:00:00.000Z', duration: 'PT15M' },
      intervals: Array.from({ length: 8 }, (_, id) => ({ id, payloads: [{ type: 'PRICE', values: [0.17] }] })),
      reportDescriptors: [
        {
          payloadType: 'USAGE',
          readingType: 'SUMMED',
          units: 'KWH',
          startInterval: 3,
          numIntervals: 4,
          frequency: 4,
          repeat: -1,
        },
      ],
    });
    expect(made).toMatchObject({ start: '2026-06-15T10:00:00Z', length: 'PT15M' });
    expect(await command('event', 'list', '--program', 'cli')).toContain(made.id);
    expect((await command('event', '--json')).events).toMatchObject([{ id: made.id }]);
    await command('event', 'delete', '--id', made.id);
    expect(await command('event', '--program', 'cli')).toBe('no events\n');
  });

  it('--ven reaches a VEN by its name', async () => {
    const { id } = await makeVen(vtn, version, 'A', version === '3.1.0' ? { clientID: 'ven-a' } : {});
    const { id: event } = await command('event', 'create', '--json', '--ven', 'A', '--count', '0');
    const ven = vtn.api(version, 'ven-a');
    const targets = version === '3.0.1' ? [{ type: 'VEN_NAME', values: ['A'] }] : ['A'];
    expect((await ven.ok(ven.get(`/events/${event}`))).targets).toEqual(targets);
    if (version === '3.1.0') {
      expect((await bl.ok(bl.get(`/vens/${id}`))).targets).toEqual(['A']);
      expect((await vtn.api(version, 'ven-b').get(`/events/${event}`)).status).toBe(404);
      await expect(command('event', 'create', '--ven', 'nobody')).rejects.toThrow('no ven nobody');
    }
    await command('event', 'delete', '--id', event);
  });

  it('reports --check finds what is missing and doubled, and the list shows what is there', async () => {
    const resource = version === '3.0.1' ? {} : { objectType: 'BL_RESOURCE_REQUEST' };
    const [ven] = await bl.ok(bl.get('/vens?venName=A'));
    const path = version === '3.0.1' ? `/vens/${ven.id}/resources` : '/resources';
    for (const resourceName of ['r-1', 'r-2']) await bl.ok(bl.post(path, { ...resource, venID: ven.id, resourceName }));
    const start = instant(systemClock.now() - minutes(60));
    const { id: eventID, programId } = await command(
      ...['event', 'create', '--json', '--at', new Date(start).toISOString(), '--interval', '15m', '--count', '2'],
      ...['--report', 'USAGE:SUMMED:every=15m'],
    );
    const own = vtn.api(version, 'ven-a');
    const send = async (id: number, names: string[]) => {
      const intervalPeriod = { start: new Date(start + id * minutes(15)).toISOString(), duration: 'PT15M' };
      const resources = names.map((resourceName) => ({
        resourceName,
        intervals: [{ id, intervalPeriod, payloads: [{ type: 'USAGE', values: [1] }] }],
      }));
      const program = version === '3.0.1' ? { programID: programId } : {};
      return await own.ok(own.post('/reports', { ...program, eventID, clientName: 'A', resources }));
    };
    // The event was over when it was written: only its latest report is asked for.
    expect(await command('reports', '--check', '--json', '--event', eventID)).toMatchObject({
      vens: 1,
      expected: 2,
      missing: 2,
      complete: false,
    });
    expect(process.exitCode).toBe(1);
    await send(1, ['r-1']);
    expect(await command('reports', '--check')).toContain('r-2');
    await send(1, ['r-2']);
    process.exitCode = 0;
    expect(await command('reports', '--check', '--json')).toMatchObject({ expected: 2, missing: 0, doubled: 0, complete: true });
    expect(process.exitCode).toBe(0);
    await send(1, ['r-1']);
    expect(await command('reports', '--check', '--json', '--ven', 'A')).toMatchObject({
      doubled: 1,
      findings: [{ what: 'doubled', resource: 'r-1', interval: 1, expected: 1, received: 2 }],
    });
    expect((await command('reports', '--json', '--event', eventID)).reports).toHaveLength(3);
    expect(await command('reports', '--ven', 'nobody')).toBe('no reports\n');
  });

  it('a load is shed, told to who subscribed, changed, cancelled and settled', async () => {
    const receiver = await new Receiver().start();
    const made = await command('event', '--json', '--notify', '--shed', '30%', '--for', '30m', '--in', '2m', '--program', 'dr');
    // Nobody has subscribed yet.
    expect(made.notified).toEqual({ subscribers: 0, delivered: 0, published: 0, complete: true });
    await bl.ok(bl.post('/subscriptions', subscription(made.programId, receiver.url)));
    expect(made.intervals).toHaveLength(30);
    expect(made.reportRequests.map((r: { payloadType: string }) => r.payloadType)).toEqual(['DEMAND', 'BASELINE']);
    const changed = await command('event', '--modify', made.id, '--shed', '50%', '--notify');
    expect(changed).toContain(`event ${made.id} changed`);
    expect(changed).toContain('told 1 of 1 subscribed callbacks');
    expect((await bl.ok(bl.get(`/events/${made.id}`))).intervals[29].payloads[0].values).toEqual([0.5]);
    const own = vtn.api(version, 'ven-a');
    const intervalPeriod = { start: '2026-06-15T10:00:00Z', duration: 'PT1M' };
    const payloads = (load: number) => [
      { type: 'DEMAND', values: [load] },
      { type: 'BASELINE', values: [100] },
    ];
    const resources = [{ resourceName: 'AGGREGATED_REPORT', intervals: [{ id: 0, intervalPeriod, payloads: payloads(60) }] }];
    const program = version === '3.0.1' ? { programID: made.programId } : {};
    await own.ok(own.post('/reports', { ...program, eventID: made.id, clientName: 'A', resources }));
    const watched = await command('watch', '--once', '--json', '--program', 'dr');
    expect(watched.vens).toMatchObject([{ program: 'dr', ven: 'A', loadKw: 60, baselineKw: 100, reductionKw: 40 }]);
    expect(await command('watch', '--once', '--ven', 'A')).toMatch(/dr +A +60\.0 +100\.0 +40\.0 +ok/);
    expect(await command('event', '--cancel', made.id, '--json', '--notify')).toMatchObject({
      start: 'now',
      length: 'PT0S',
      notified: { subscribers: 1, delivered: 1, complete: true },
    });
    const settled = await command('performance', made.id, '--json');
    const [ven] = settled.vens.filter((one: { ven: string }) => one.ven === 'A');
    expect(ven).toMatchObject({ requestedKw: 50, deliveredKw: 40, known: 1 });
    expect(await command('performance', made.id)).toMatch(/A +50\.0 +40\.0 +0\.8 +0\.7 +80 % +1\/1 +ok/);
    await receiver.stop();
  });

  it.each([
    [['event', 'sing'], 'no action sing'],
    [['event', 'delete'], '--id'],
    [['event', 'create', '--count', '0', '--payload', 'A=1'], '--count 0'],
    [['event', 'create', '--interval', '15m', '--report', 'USAGE:every=20m'], 'whole number of intervals'],
    [['event', 'create', '--interval', 'forever', '--report', 'USAGE:every=20m'], 'whole number of intervals'],
    [['event', 'create', '--cancel', 'x'], 'choose one'],
    [['event', '--modify', 'x', '--cancel', 'y'], 'choose one'],
    [['event', '--cancel', 'nothing'], 'no event nothing'],
    [['event', '--modify', 'nothing', '--level', '1'], 'no event nothing'],
    [['performance', 'nothing'], 'no event nothing'],
    [['watch', '--once', '--program', 'nothing'], 'no program nothing'],
    [['event', 'list', '--program', 'nothing'], 'no program nothing'],
    [['reports', '--check', '--event', 'nothing'], 'no event nothing'],
  ])('%j is refused and changes nothing', async (words, message) => {
    const before = [await bl.ok(bl.get('/events')), await bl.ok(bl.get('/programs'))];
    await expect(command(...words)).rejects.toThrow(message);
    expect([await bl.ok(bl.get('/events')), await bl.ok(bl.get('/programs'))]).toEqual(before);
  });

  it('what 3.0.1 does not have is refused before anything is made', async () => {
    if (version !== '3.0.1') return;
    await expect(command('event', 'create', '--program', 'never', '--duration', '2h')).rejects.toThrow('3.1');
    await expect(command('event', 'create', '--program', 'never', '--report', 'USAGE:sub')).rejects.toThrow('3.1');
    expect(await command('event', '--json')).toMatchObject({ problems: [] });
    expect((await bl.ok(bl.get('/programs'))).map((p: { programName: string }) => p.programName)).not.toContain('never');
  });
});
