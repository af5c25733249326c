import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { VenfleetError } from '@venfleet/core';
import {
  addCommand,
  createProgram,
  Option,
  printResult,
  reportError,
  runCli,
  usageError,
  wholeNumber,
} from '@venfleet/core/node';
import fc from 'fast-check';

let out = '';
let err = '';
beforeEach(() => {
  out = '';
  err = '';
  process.exitCode = undefined;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text;
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs a small program of one command and gives the exit code. */
async function run(...argv: string[]): Promise<number | string | null | undefined> {
  const program = createProgram('ven-agent', 'A VEN.');
  addCommand(program, 'register', 'Registers the fleet.')
    .option('--limit <n>', 'how many VENs', wholeNumber(1, 158))
    .option('--db <path>', 'the database', 'config/resources.db')
    .option('--json', 'print JSON', false)
    .addOption(new Option('--internal').hideHelp())
    .action(({ json, limit }) => {
      if (limit === 13) throw new VenfleetError('REGISTER_FAILED', 'three resources failed', { details: ['a', 'b', 'c'] });
      if (limit === 14) throw usageError('--limit 14 makes no sense', 'leave it out');
      if (limit === 15) throw new TypeError('a bug');
      printResult(json, { limit }, () => `registered ${limit}`);
    });
  await runCli(program, ['node', 'ven-agent', ...argv]);
  const code = process.exitCode;
  process.exitCode = undefined;
  return code;
}

describe('runCli', () => {
  test('success leaves the exit code at 0, prints the result to standard output and nothing to standard error', async () => {
    expect(await run('register', '--limit', '3')).toBeUndefined();
    expect([out, err]).toEqual(['registered 3\n', '']);
  });

  test('with --json the result is one line of JSON', async () => {
    await run('register', '--limit', '3', '--json');
    expect(out).toBe('{"limit":3}\n');
  });

  test('a failure is exit code 1, told on standard error alone', async () => {
    expect(await run('register', '--limit', '13')).toBe(1);
    expect([out, err]).toEqual(['', 'error: three resources failed\n  a\n  b\n  c\n']);
  });

  test.each([
    [['register', '--limt', '3'], "unknown option '--limt'"],
    [['registre'], "unknown command 'registre'"],
    [['register', 'Aalborg'], 'too many arguments'],
    [['register', '--limit'], "option '--limit <n>' argument missing"],
    [['register', '--limit', '0'], 'It must be a whole number from 1 to 158.'],
    [['register', '--limit', '14'], '--limit 14 makes no sense'],
    [['--unknown'], "unknown option '--unknown'"],
  ])('%j is wrong usage: exit code 2 and the reason', async (argv, reason) => {
    expect(await run(...argv)).toBe(2);
    expect(err).toContain(reason);
    expect(out).toBe('');
  });

  test('without a command it shows the help as wrong usage', async () => {
    expect(await run()).toBe(2);
    expect(err).toContain('Usage: ven-agent');
  });

  test.each([[['--help']], [['register', '--help']], [['help', 'register']]])('%j shows help with exit code 0', async (argv) => {
    expect(await run(...argv)).toBe(0);
    expect(out).toContain('Usage: ven-agent');
    expect(err).toBe('');
  });

  test('a bug is exit code 1 and keeps its stack', async () => {
    expect(await run('register', '--limit', '15')).toBe(1);
    expect(err).toMatch(/^internal error: TypeError: a bug\n +at /);
  });

  test('--describe prints the commands and their visible options as data', async () => {
    expect(await run('--describe')).toBeUndefined();
    expect(JSON.parse(out)).toEqual([
      {
        name: 'register',
        description: 'Registers the fleet.',
        options: [
          { flags: '--limit <n>', name: 'limit', description: 'how many VENs', takesValue: true },
          { flags: '--db <path>', name: 'db', description: 'the database (default: config/resources.db)', takesValue: true },
          { flags: '--json', name: 'json', description: 'print JSON', takesValue: false },
        ],
      },
    ]);
  });
});

describe('reportError', () => {
  function report(error: unknown): { code: number; text: string } {
    const stream = new PassThrough();
    const code = reportError(error, stream);
    return { code, text: String(stream.read()) };
  }

  test('a VenfleetError is told with details, cause and hint, in this order', () => {
    const error = new VenfleetError('DB_FULL', 'cannot write', {
      details: ['row 1'],
      hint: 'free some space',
      cause: new Error('ENOSPC'),
    });
    expect(report(error)).toEqual({
      code: 1,
      text: 'error: cannot write\n  row 1\n  cause: ENOSPC\n  hint: free some space\n',
    });
  });

  test('a cause that the message has already told is not repeated', () => {
    const error = new VenfleetError('X', 'cannot read: it is gone', { cause: new Error('it is gone') });
    expect(report(error).text).toBe('error: cannot read: it is gone\n');
  });

  test('wrong usage is exit code 2', () => {
    expect(report(usageError('not both', 'choose one'))).toEqual({ code: 2, text: 'error: not both\n  hint: choose one\n' });
  });

  test("an abort is exit code 130 and no bug, be it the signal's reason or an error of Node's around it", () => {
    const reason = new DOMException('stopped by SIGINT', 'AbortError');
    const around = Object.assign(new Error('The operation was aborted', { cause: reason }), { name: 'AbortError' });
    expect(report(reason)).toEqual({ code: 130, text: 'stopped by SIGINT\n' });
    expect(report(around)).toEqual({ code: 130, text: 'stopped by SIGINT\n' });
  });

  test.each([undefined, null, 'text', 7])('%p that was thrown is told as a bug', (thrown) => {
    expect(report(thrown)).toEqual({ code: 1, text: `internal error: ${thrown}\n` });
  });
});

describe('wholeNumber', () => {
  test('it takes the whole numbers of its range and refuses all others', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b, value) => {
        const [min, max] = a < b ? [a, b] : [b, a];
        const parse = wholeNumber(min, max);
        const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
        if (value >= min && value <= max) expect(parse(String(value))).toBe(value);
        else expect(() => parse(String(value))).toThrow(`whole number ${range}.`);
      }),
      { examples: [[Number.MAX_SAFE_INTEGER, 0, -1]] },
    );
  });

  test.each(['', ' ', '1.5', '1e3', '0x10', 'one', '1 ', '٣', '9007199254740993', 'Infinity'])(
    '%j is no whole number',
    (text) => {
      expect(() => wholeNumber(0)(text)).toThrow('It must be a whole number of at least 0.');
    },
  );
});
