import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { PackageFile } from '../src/archive.js';
import { toDeb } from '../src/deb.js';

const folder = mkdtempSync(join(tmpdir(), 'deb-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TIME = new Date(1_700_000_000_000);
const FILES: PackageFile[] = [
  { path: 'usr/bin/thing', mode: 0o755, content: Buffer.from('#!/bin/sh\necho thing\n') },
  { path: 'usr/share/doc/thing/copyright', mode: 0o644, content: Buffer.alloc(3000, 'x') },
  { path: 'etc/thing/settings', mode: 0o640, content: Buffer.from('odd'), isSetting: true },
];
const CONTROL = {
  fields: { Package: 'thing', Version: '1.0', Architecture: 'all', Maintainer: 'a <a@b.invalid>', Description: 'a thing' },
  scripts: { postinst: '#!/bin/sh\nexit 0\n' },
};

function hasDpkg(): boolean {
  try {
    execFileSync('dpkg-deb', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const withDpkg = hasDpkg() ? test : test.skip;
const dpkg = (...args: string[]) => execFileSync('dpkg-deb', args, { encoding: 'utf8', cwd: folder });

describe('a .deb', () => {
  test('is an ar archive of version, control and data, each at an even offset', async () => {
    const deb = await toDeb(FILES, CONTROL, TIME);
    expect(deb.subarray(0, 8).toString()).toBe('!<arch>\n');
    const names: string[] = [];
    for (let at = 8; at < deb.length; ) {
      expect(at % 2).toBe(0);
      const header = deb.subarray(at, at + 60).toString('latin1');
      expect(header.endsWith('`\n')).toBe(true);
      names.push(header.slice(0, 16).trim());
      const size = Number(header.slice(48, 58));
      at += 60 + size + (size % 2);
    }
    expect(names).toEqual(['debian-binary', 'control.tar.gz', 'data.tar.gz']);
  });

  test('is the same bytes each time', async () => {
    expect(await toDeb([...FILES].reverse(), CONTROL, TIME)).toEqual(await toDeb(FILES, CONTROL, TIME));
  });

  withDpkg('is read by dpkg: fields, modes, owner and time', async () => {
    writeFileSync(join(folder, 'thing.deb'), await toDeb(FILES, CONTROL, TIME));
    // 1 + 3 + 1 KiB, each file rounded up.
    expect(dpkg('--field', 'thing.deb', 'Package', 'Version', 'Installed-Size')).toBe(
      'Package: thing\nVersion: 1.0\nInstalled-Size: 5\n',
    );
    const lines = dpkg('--contents', 'thing.deb').trimEnd().split('\n');
    expect(lines).toContainEqual(expect.stringMatching(/^-rwxr-xr-x root\/root +21 2023-11-14 .* \.\/usr\/bin\/thing$/));
    expect(lines).toContainEqual(expect.stringMatching(/^-rw-r----- root\/root .* \.\/etc\/thing\/settings$/));
    expect(lines).toContainEqual(expect.stringMatching(/^drwxr-xr-x root\/root .* \.\/usr\/share\/doc\/$/));
  });

  withDpkg('names settings as conffiles, and sums of all other files', async () => {
    writeFileSync(join(folder, 'thing.deb'), await toDeb(FILES, CONTROL, TIME));
    dpkg('--raw-extract', 'thing.deb', 'raw');
    expect(execFileSync('cat', ['raw/DEBIAN/conffiles'], { cwd: folder, encoding: 'utf8' })).toBe('/etc/thing/settings\n');
    expect(execFileSync('md5sum', ['--check', 'DEBIAN/md5sums'], { cwd: join(folder, 'raw'), encoding: 'utf8' })).toBe(
      'usr/bin/thing: OK\nusr/share/doc/thing/copyright: OK\n',
    );
  });
});
