import type { ConformResult, LineResult, Outcome } from './run.js';

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

/** JUnit's XML, as CI servers read it: a test case for each line. */
export function junitXml({ url, version, lines }: ConformResult): string {
  const { fail, skip } = count(lines);
  const time = (ms: number) => (ms / 1000).toFixed(3);
  const total = lines.reduce((sum, { ms }) => sum + ms, 0);
  const attributes = `tests="${lines.length}" failures="${fail}" skipped="${skip}" time="${time(total)}"`;
  const cases = lines.map((result) => {
    const { line, title, outcome, differences = [], reason = '', notes, ms } = result;
    const open = `    <testcase classname="openadr.${version}" name="${xml(`${line}: ${title}`)}" time="${time(ms)}"`;
    const inner: string[] = [];
    if (outcome === 'fail') {
      const all = differences.map(({ expected, seen }) => `expected: ${expected}\nseen: ${seen}`).join('\n');
      inner.push(`      <failure message="${xml(differences[0]?.expected ?? '')}">${xml(all)}</failure>`);
    }
    if (outcome === 'skip') inner.push(`      <skipped message="${xml(reason)}"/>`);
    if (notes.length > 0) inner.push(`      <system-out>${xml(notes.join('\n'))}</system-out>`);
    return inner.length === 0 ? `${open}/>` : [`${open}>`, ...inner, '    </testcase>'].join('\n');
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="OpenADR ${version} VTN" ${attributes}>`,
    `  <testsuite name="${xml(url)}" ${attributes}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
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
