import { type Finding, SUBJECTS } from './finding.js';

/** More of one kind than this are counted rather than told one by one; --json has them all. */
const TOLD_AT_MOST = 50;
const FAILURES_TOLD = 20;

/** One line each, what is wrong with its cure, and the sum last. */
export function findingsText(findings: readonly Finding[]): string {
  const lines = SUBJECTS.flatMap((subject) => {
    const own = findings.filter((finding) => finding.subject === subject);
    const fine = own.filter(({ status }) => status === 'ok');
    return [...fineLines(fine), ...wrongLines(own.filter(({ status }) => status !== 'ok'))];
  });
  return [...lines, sumOf(findings)].join('\n');
}

function fineLines(fine: readonly Finding[]): string[] {
  if (fine.length <= TOLD_AT_MOST) return fine.map(line);
  const [{ subject, message }] = fine as [Finding];
  const isSame = fine.every((finding) => finding.message === message);
  return [
    `ok    ${subject.padEnd(WIDTH)}  ${fine.length.toLocaleString('en')}${isSame ? `: ${message}` : ' are as they should be'}`,
  ];
}

/** What many have in common, such as a gateway that is not there, is told once. */
function wrongLines(wrong: readonly Finding[]): string[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of wrong) {
    const key = JSON.stringify([finding.status, finding.message, finding.cure]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  const lines = [...groups.values()].map((group) => line(common(group)));
  const more = lines.length - FAILURES_TOLD;
  return more > 0
    ? [...lines.slice(0, FAILURES_TOLD), `      … and ${more.toLocaleString('en')} more; --json tells every one`]
    : lines;
}

function common(group: readonly Finding[]): Finding {
  const [first] = group as readonly [Finding];
  if (group.length === 1) return first;
  return { ...first, about: `${first.about} and ${(group.length - 1).toLocaleString('en')} more` };
}

const WIDTH = Math.max(...SUBJECTS.map(({ length }) => length));

function line({ subject, status, about, message, cure }: Finding): string {
  const head = `${status.padEnd(4)}  ${subject.padEnd(WIDTH)}  ${about === undefined ? '' : `${about}: `}${message}`;
  return cure === undefined ? head : `${head}\n${' '.repeat(WIDTH + 8)}→ ${cure}`;
}

export const countOf = (findings: readonly Finding[], status: Finding['status']): number =>
  findings.filter((finding) => finding.status === status).length;

function sumOf(findings: readonly Finding[]): string {
  const [ok, warn, fail] = (['ok', 'warn', 'fail'] as const).map((status) => countOf(findings, status).toLocaleString('en'));
  return `${ok} ok, ${warn} to look at, ${fail} failed`;
}
