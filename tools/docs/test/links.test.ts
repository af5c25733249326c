import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import GithubSlugger from 'github-slugger';
import { marked, type Token } from 'marked';

const root = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'venfleet-links-'));
afterAll(() => rmSync(folder, { recursive: true }));

const textOf = (tokens: readonly Token[]): string =>
  tokens
    .map((token) => ('tokens' in token && token.tokens !== undefined ? textOf(token.tokens) : 'text' in token ? token.text : ''))
    .join('');

/** Where a page's links lead, and the anchors of its headings. */
function readPage(path: string): { links: string[]; anchors: Set<string> } {
  const slugger = new GithubSlugger();
  const [links, anchors] = [[] as string[], new Set<string>()];
  void marked.walkTokens(marked.lexer(readFileSync(path, 'utf8')), (token) => {
    if (token.type === 'link' || token.type === 'image') links.push(token.href as string);
    if (token.type === 'heading') anchors.add(slugger.slug(textOf(token.tokens ?? [])));
  });
  return { links, anchors };
}

/** Links of these pages to files and headings that are not there, as `PAGE: LINK`. */
function brokenLinks(at: string, pages: readonly string[]): string[] {
  return pages.flatMap((page) => {
    const path = join(at, page);
    const isBroken = (link: string): boolean => {
      if (/^[a-z]+:/i.test(link)) return false;
      const [file = '', anchor] = link.split('#').map(decodeURIComponent);
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !(statSync(target).isFile() && readPage(target).anchors.has(anchor));
    };
    return readPage(path)
      .links.filter(isBroken)
      .map((link) => `${page}: ${link}`);
  });
}

test('every link in the documentation leads to a file or heading that is there', () => {
  const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((page) => page !== '' && existsSync(join(root, page)));
  expect(pages.length).toBeGreaterThan(20);
  expect(brokenLinks(root, pages)).toEqual([]);
});

test('the README leads to every page', () => {
  const listed = new Set(readPage(join(root, 'README.md')).links.map((link) => link.split('#')[0]));
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  expect(pages.filter((name) => !listed.has(`docs/${name}`))).toEqual([]);
});

test('a link that leads nowhere is found', () => {
  mkdirSync(join(folder, 'docs'));
  writeFileSync(
    join(folder, 'README.md'),
    '# A `b`-c d\n\n[a](docs/b.md), [b](docs/b.md#b), [c](docs), [d](#a-b-c-d), https://example.org/x\n',
  );
  const lines = [
    '# B',
    '[gone](c.md) `[code](x.md)` ![picture](p.png)',
    '[heading](../README.md#b)',
    '| t |',
    '| - |',
    '| [cell][ref] |',
    '',
    '[ref]: d.md',
  ];
  writeFileSync(join(folder, 'docs/b.md'), lines.join('\n'));
  const found = brokenLinks(folder, ['README.md', 'docs/b.md']);
  expect(found).toEqual(['docs/b.md: c.md', 'docs/b.md: p.png', 'docs/b.md: ../README.md#b', 'docs/b.md: d.md']);
});
