import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { milliseconds, seconds, systemClock } from '@venfleet/core';
import fc from 'fast-check';
import { sameJson } from '../src/conform/answer.js';
import { conformProgram } from '../src/conform/cli.js';
import { Receiver } from '../src/conform/receiver.js';
import { Redactor } from '../src/conform/redact.js';
import { junitXml, lineText } from '../src/conform/report.js';
import { type ConformResult, linesOf } from '../src/conform/run.js';
import { LAST_LINE, parseLines } from '../src/conform/select.js';
import { serve, type TestServer } from './support/server.js';

describe('the lines of the checklist', () => {
  it('are 1 to 31 in both versions, 32 to 39 in 3.0.1, 40 to 59 in 3.1, each once and in order', () => {
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const numbers = (version: '3.0.1' | '3.1.0') => linesOf(version).map(({ number }) => number);
    expect(numbers('3.0.1')).toEqual(range(1, 39));
    expect(numbers('3.1.0')).toEqual([...range(1, 31), ...range(40, 59)]);
  });

  it('are chosen by numbers and ranges', () => {
    expect([...parseLines('12,15-20')]).toEqual([12, 15, 16, 17, 18, 19, 20]);
    expect([...parseLines(' 1 , 59-59')]).toEqual([1, 59]);
    for (const wrong of ['', '0', '60', '5-3', '1-60', 'a', '1,', '1;2', '-1', '1-', '1.5']) {
      expect(() => parseLines(wrong)).toThrow('lines of the checklist');
    }
  });

  it('are the ones written, however they are written', () => {
    const line = fc.integer({ min: 1, max: LAST_LINE });
    const part = fc.tuple(line, line).map(([a, b]) => (a < b ? [a, b] : [b, a]) as [number, number]);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const text = parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
        const wanted = Array.from({ length: LAST_LINE }, (_, i) => i + 1).filter((n) => parts.some(([a, b]) => a <= n && n <= b));
        expect([...parseLines(text)].sort((a, b) => a - b)).toEqual(wanted);
      }),
    );
  });
});

describe('secrets in what is shown', () => {
  it('are replaced as they are, in JSON, in forms and in URLs, also one that another begins with', () => {
    const redactor = new Redactor();
    for (const secret of ['s3&cr"t +', 'abc', 'abcdef', '']) redactor.add(secret);
    const form = new URLSearchParams({ client_secret: 's3&cr"t +' }).toString();
    const text = [JSON.stringify({ secret: 's3&cr"t +' }), form, encodeURIComponent('s3&cr"t +'), 'abcdef'].join('\n');
    expect(redactor.apply(text)).toBe('{"secret":"[redacted]"}\nclient_secret=[redacted]\n[redacted]\n[redacted]');
  });
});

describe('what is the same in JSON', () => {
  it('does not depend on the order of members, nor on null ones', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const turned = Object.fromEntries(Object.entries(object).reverse());
        expect(sameJson(object, { ...turned, 'no-such': null })).toBe(true);
        expect(sameJson(object, { ...turned, 'no-such': 0 })).toBe(false);
      }),
    );
    expect(sameJson([1, 2], [2, 1])).toBe(false);
    expect(sameJson([], {})).toBe(false);
  });
});

const RESULT: ConformResult = {
  url: 'http://vtn/base?a&b',
  version: '3.1.0',
  leftBehind: [],
  interrupted: false,
  lines: [
    { line: 1, title: 'passes', outcome: 'pass', notes: [], ms: 12 },
    {
      line: 2,
      title: '<fails>',
      outcome: 'fail',
      differences: [
        { expected: '"a" & b', seen: 'GET /x\n→ 500 \u0000\u001b\ud800]]>' },
        { expected: 'c', seen: 'd' },
      ],
      notes: ['n'],
      ms: 1500,
    },
    { line: 3, title: 'is skipped', outcome: 'skip', reason: 'it needs more', notes: [], ms: 0 },
  ],
};

describe('reports', () => {
  it('tell in JUnit’s XML what failed and was skipped, without what XML cannot have', () => {
    expect(junitXml('VTN', RESULT)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="OpenADR 3.1.0 VTN" tests="3" failures="1" skipped="1" time="1.512">
  <testsuite name="http://vtn/base?a&amp;b" tests="3" failures="1" skipped="1" time="1.512">
    <testcase classname="openadr.3.1.0" name="1: passes" time="0.012"/>
    <testcase classname="openadr.3.1.0" name="2: &lt;fails&gt;" time="1.500">
      <failure message="&quot;a&quot; &amp; b">expected: &quot;a&quot; &amp; b&#10;seen: GET /x&#10;→ 500 ]]&gt;&#10;expected: c&#10;seen: d</failure>
      <system-out>n</system-out>
    </testcase>
    <testcase classname="openadr.3.1.0" name="3: is skipped" time="0.000">
      <skipped message="it needs more"/>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  it('tell people what was expected and seen', () => {
    expect(RESULT.lines.map(lineText)[2]).toBe('skip  3  is skipped\n         because:  it needs more');
    expect(RESULT.lines.map(lineText)[0]).toBe('pass  1  passes');
    expect(RESULT.lines.map(lineText)[1]).toMatch(
      /^FAIL {2}2 {2}<fails>\n {9}expected: "a" & b\n {9}seen: {5}GET \/x\n {19}→ 500/,
    );
  });
});

describe('the receiver of notifications', () => {
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = new Receiver({ host: '127.0.0.1', port: 0, clock: systemClock });
    await receiver.start();
  });
  afterAll(async () => await receiver.stop());

  const send = (method: string, url: string, body = ''): Promise<[number, string]> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: 'Bearer t', 'content-length': Buffer.byteLength(body) };
      const call = request(url, { method, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve([response.statusCode ?? 0, text]));
      });
      call.on('error', reject).end(body);
    });

  it('answers the echo challenge as each hook is told to', async () => {
    const [echo, wrong, absent] = [receiver.hook(), receiver.hook('wrong'), receiver.hook('absent')];
    expect(await send('GET', `${echo.url}?echo=a%20b`)).toEqual([200, 'a b']);
    expect((await send('GET', `${wrong.url}?echo=ab`))[1]).not.toBe('ab');
    expect((await send('GET', `${absent.url}?echo=ab`))[0]).toBe(404);
    expect([echo, wrong, absent].map(({ challenges }) => challenges)).toEqual([['a b'], ['ab'], ['ab']]);
    expect((await send('GET', `${echo.url}0?echo=a`))[0]).toBe(404);
    expect((await send('PUT', echo.url))[0]).toBe(405);
  });

  it('hands on what is posted, as soon as it fits', async () => {
    const hook = receiver.hook();
    const never = new AbortController().signal;
    const second = hook.waitFor(({ body }) => body.n === 2, seconds(30), never);
    for (const body of ['no JSON', '{"n":1}', '{"n":2}']) expect((await send('POST', hook.url, body))[0]).toBe(200);
    expect(await second).toEqual({ authorization: 'Bearer t', body: { n: 2 } });
    expect(hook.deliveries.map(({ body }) => body)).toEqual([{}, { n: 1 }, { n: 2 }]);
    expect(await hook.waitFor(({ body }) => body.n === 3, milliseconds(1), never)).toBeUndefined();
    const stop = new AbortController();
    const waiting = hook.waitFor(() => false, seconds(30), stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });

  it('names the way out when its port is taken', async () => {
    const port = Number(new URL(receiver.hook().url).port);
    const other = new Receiver({ host: '127.0.0.1', port, clock: systemClock });
    await expect(other.start()).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      hint: expect.stringContaining('--callback-port'),
    });
  });

  it('gives the URL by which others reach it', async () => {
    const behind = new Receiver({ host: '127.0.0.1', port: 0, publicUrl: 'https://tunnel.example/x/', clock: systemClock });
    await behind.start();
    expect(behind.hook().url).toMatch(/^https:\/\/tunnel\.example\/x\/[0-9a-f]{24}$/);
    expect(behind.secure).toBe(true);
    await behind.stop();
  });
});

describe('the command', () => {
  const run = async (...options: string[]) => await conformProgram().parseAsync(['node', 'openadr', 'conform', ...options]);

  it.each([
    [[], '--url is missing'],
    [['--url', 'http://127.0.0.1:1', '--client-id', 'bl'], '--client-id and --client-secret-ref belong together'],
    [
      ['--url', 'http://127.0.0.1:1', '--client-id', 'bl', '--client-secret-ref', 'secret'],
      'a secret must be given as env:NAME or file:PATH',
    ],
    [
      ['--url', 'http://127.0.0.1:1', '--ven-client-id', 'v', '--ven-client-secret-ref', 'env:PATH'],
      'of no use without --client-id',
    ],
    [['--url', 'http://127.0.0.1:1', '--callback-cert', 'c.pem'], '--callback-cert and --callback-key belong together'],
    [['--url', 'http://127.0.0.1:1', '--callback-url', 'ftp://x'], '--callback-url is not an http or https URL'],
    [['--url', 'http://127.0.0.1:1', '--ca-file', '/none/ca.pem'], 'cannot read the certificates /none/ca.pem'],
    [['--url', 'http://127.0.0.1:1'], '127.0.0.1:1'],
    [['--url', 'nonsense'], 'is not an http or https URL'],
    [['--url', 'http://127.0.0.1:1', '--version', '3.0.1', '--only', '40-59'], 'OpenADR 3.0.1 has none of these lines'],
  ])('%j: says what is wrong', async (options, message) => {
    await expect(run(...options)).rejects.toThrow(message);
  });
});

describe('the outcome of the command', () => {
  let vtn: TestServer;
  let folder: string;
  beforeAll(async () => {
    // What it is asked for in line 12 is refused, as it should be, but of one list.
    vtn = await serve(({ path, query, method }) => {
      if (path === '/vens' && method === 'POST') return { status: 201, body: { id: 'v' } };
      if (method === 'DELETE') return { body: { id: 'v' } };
      return path === '/events' && query.has('skip') ? { body: [] } : { status: path === '/subscriptions' ? 404 : 400, body: {} };
    });
    folder = mkdtempSync(join(tmpdir(), 'conform-'));
  });
  afterAll(async () => {
    await vtn.close();
    rmSync(folder, { recursive: true });
  });

  /** Exit status and standard output. */
  async function outcome(...options: string[]): Promise<[unknown, string]> {
    let out = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += text;
      return true;
    });
    process.exitCode = 0;
    try {
      await conformProgram().parseAsync(['node', 'openadr', 'conform', '--url', vtn.url, '--version', '3.0.1', ...options]);
      return [process.exitCode, out];
    } finally {
      write.mockRestore();
      process.exitCode = 0;
    }
  }

  it('is 1 when a line fails, which is told, and written as JUnit XML', async () => {
    const junit = join(folder, 'junit.xml');
    const [status, out] = await outcome('--only', '12', '--junit', junit);
    expect(status).toBe(1);
    expect(out).toMatch(/^FAIL 12 .*\n +expected: status 400.*\n +seen: +GET \/events\?skip=-1 \(as BL\)\n +→ 200 \[\]\n/);
    expect(out).toMatch(/ as OpenADR 3\.0\.1: 0 passed, 1 failed, 0 skipped\n$/);
    expect(readFileSync(junit, 'utf8')).toContain('failures="1"');
  });

  it('is 0 when lines are skipped, and one line of JSON on request', async () => {
    const [status, out] = await outcome('--only', '12,20-21', '--skip', '12', '--json');
    expect(status).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ pass: 0, fail: 0, skip: 2, lines: [{ line: 20, outcome: 'skip' }, { line: 21 }] });
  });
});

describe('the library', () => {
  it('loads nothing of the conformance tool', () => {
    const seen = new Set<string>();
    const visit = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, path] of readFileSync(file, 'utf8').matchAll(/ from '(\.[^']+)\.js'/g))
        visit(join(dirname(file), `${path}.ts`));
    };
    visit(fileURLToPath(new URL('../src/index.ts', import.meta.url)));
    expect(seen.size).toBeGreaterThan(20);
    expect([...seen].filter((file) => file.includes('/conform/'))).toEqual([]);
  });
});
