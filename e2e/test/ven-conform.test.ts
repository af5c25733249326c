import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { jsonOf, root, run, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();

interface Line {
  readonly line: number;
  readonly outcome: 'pass' | 'fail' | 'skip';
  readonly differences?: readonly { readonly expected: string; readonly seen: string }[];
  readonly reason?: string;
}
interface Report {
  readonly pass: number;
  readonly fail: number;
  readonly skip: number;
  readonly results: readonly { readonly version: string; readonly lines: readonly Line[] }[];
}

/** `nx run ven-agent:conform`, without Nx. */
const conform = (...args: string[]) => run(process.execPath, [join(root, 'tools/ven-conform/dist/main.js'), 'conform', ...args]);

/** What is wrong with a line, for people. */
const told = ({ line, outcome, differences = [], reason = '' }: Line) =>
  `${line} ${outcome} ${reason} ${differences.map(({ expected, seen }) => `${expected} | ${seen}`).join('; ')}`;

describe('the checklist of VENs', () => {
  test('our agent passes lines of each kind in both versions, and JUnit’s XML says so', async () => {
    const junit = join(folder, 'junit.xml');
    const outcome = await conform('--only', '60,62,64,67,69,74,76', '--patience', '60', '--junit', junit, '--json');
    const { results, fail, skip } = jsonOf<Report>(outcome);
    const notPassed = results.flatMap(({ lines }) => lines.filter((line) => line.outcome !== 'pass').map(told));
    expect(notPassed).toEqual([]);
    expect([outcome.status, fail, skip]).toEqual([0, 0, 0]);
    expect(results.map(({ version, lines }) => [version, lines.map(({ line }) => line)])).toEqual([
      ['3.0.1', [60, 62, 67, 69, 74, 76]],
      ['3.1.0', [60, 62, 64, 67, 69, 76]],
    ]);
    expect(readFileSync(junit, 'utf8')).toContain('<testsuites name="OpenADR 3.0.1 and 3.1.0 VEN" tests="12" failures="0"');
  });

  const ven = `${process.execPath} ${join(root, 'e2e/test/support/careless-ven.mjs')}`;
  const careless = ['--ven-command', ven, '--plan-command', `${ven} plan`, '--patience', '1', '--json'];

  test('a VEN that does everything wrong fails every line', async () => {
    const runs = [
      ['--version', '3.1.0', '--only', '60-66'],
      ['--version', '3.1.0', '--only', '67-77'],
      ['--version', '3.1.0', '--only', '78-85'],
      ['--version', '3.0.1', '--only', '62,74'],
    ];
    const outcomes = await Promise.all(runs.map((args) => conform(...args, ...careless)));
    const lines = outcomes.flatMap((outcome) => jsonOf<Report>(outcome).results.flatMap((result) => result.lines));
    expect(lines.filter(({ outcome }) => outcome !== 'fail').map(told)).toEqual([]);
    const all = Array.from({ length: 26 }, (_, i) => 60 + i);
    expect(new Set(lines.map(({ line }) => line))).toEqual(new Set(all));
    expect(lines.every(({ differences = [] }) => differences.length > 0)).toBe(true);
    expect(outcomes.map(({ status }) => status)).toEqual([1, 1, 1, 1]);
  });

  test.each([
    [['--only', '59'], /60 to 85/],
    [['--only', '64', '--version', '3.0.1'], /none of these lines/],
    [['--plan-command', 'x'], /--ven-command/],
  ])('%j is refused', async (args, message) => {
    const { status, stderr } = await conform(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('a VEN that does not start fails, and its own words are told', async () => {
    const outcome = await conform(
      '--ven-command',
      'node -e "console.error(1 + 1, process.env.CLIENT_SECRET); process.exit(3)"',
      '--only',
      '60',
      '--json',
    );
    const [line] = jsonOf<Report>(outcome).results.flatMap(({ lines }) => lines) as [Line];
    expect(told(line)).toMatch(/ended with status 3, .*2 \[redacted\]/);
    expect(outcome.status).toBe(1);
  });
});
