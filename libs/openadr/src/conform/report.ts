import type { LineResult, Outcome } from './judge.js';
import type { ConformResult } from './run.js';

const WORDS: Readonly<Record<Outcome, string>> = { pass: 'pass', fail: 'FAIL', skip: 'skip' };

/** One line for people, and what was expected and seen where it is not as it should be. */
export function lineText({ line, title, outcome, differences = [], reason, notes }: LineResult): string {
  const text = [`${WORDS[outcome]} ${String(line).padStart(2)}  ${title}`];
  for (const { expected, seen } of differences) {
    text.push(`         expected: ${expected}`, `         seen:     ${seen.replaceAll('\n', '\n                   ')}`);
  }
  if (reason !== undefined) text.push(`         because:  ${reason.replaceAll('\n', '\n                   ')}`);
  text.push(...notes.map((note) => `         note:     ${note.replaceAll('\n', '\n                   ')}`));
  return text.join('\n');
}

export function count(lines: readonly LineResult[]): Readonly<Record<Outcome, number>> {
  const of = (wanted: Outcome) => lines.filter(({ outcome }) => outcome === wanted).length;
  return { pass: of('pass'), fail: of('fail'), skip: of('skip') };
}

export function summaryText({ url, version, lines, leftBehind, interrupted }: ConformResult): string {
  const { pass, fail, skip } = count(lines);
  const text = [`${url} as OpenADR ${version}: ${pass} passed, ${fail} failed, ${skip} skipped`];
  if (interrupted) text.push('interrupted: not all lines were checked');
  if (leftBehind.length > 0) text.push(`could not be deleted: ${leftBehind.join(', ')}`);
  return text.join('\n');
}

/** JUnit's XML, as CI servers read it: a suite for each result, with a test case for each line. @param of what was checked */
export function junitXml(of: 'VTN' | 'VEN', ...results: readonly ConformResult[]): string {
  const versions = results.map(({ version }) => version).join(' and ');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="OpenADR ${versions} ${of}" ${figures(results.flatMap(({ lines }) => lines))}>`,
    ...results.flatMap(({ url, version, lines }) => [
      `  <testsuite name="${xml(url)}" ${figures(lines)}>`,
      ...lines.map((line) => testCase(version, line)),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

const inSeconds = (ms: number): string => (ms / 1000).toFixed(3);

function figures(lines: readonly LineResult[]): string {
  const { fail, skip } = count(lines);
  const total = lines.reduce((sum, { ms }) => sum + ms, 0);
  return `tests="${lines.length}" failures="${fail}" skipped="${skip}" time="${inSeconds(total)}"`;
}

function testCase(version: string, result: LineResult): string {
  const { line, title, outcome, differences = [], reason = '', notes, ms } = result;
  const open = `    <testcase classname="openadr.${version}" name="${xml(`${line}: ${title}`)}" time="${inSeconds(ms)}"`;
  const inner: string[] = [];
  if (outcome === 'fail') {
    const all = differences.map(({ expected, seen }) => `expected: ${expected}\nseen: ${seen}`).join('\n');
    inner.push(`      <failure message="${xml(differences[0]?.expected ?? '')}">${xml(all)}</failure>`);
  }
  if (outcome === 'skip') inner.push(`      <skipped message="${xml(reason)}"/>`);
  if (notes.length > 0) inner.push(`      <system-out>${xml(notes.join('\n'))}</system-out>`);
  return inner.length === 0 ? `${open}/>` : [`${open}>`, ...inner, '    </testcase>'].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;' };

/** Characters that XML 1.0 cannot have are left out. */
function xml(text: string): string {
  const allowed = [...text].filter((character) => {
    const code = character.codePointAt(0) as number;
    return code === 9 || code === 10 || (code >= 32 && !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff);
  });
  return allowed.join('').replace(/[&<>"\n]/g, (character) => ENTITIES[character] as string);
}
