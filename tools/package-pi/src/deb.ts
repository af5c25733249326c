import { createHash } from 'node:crypto';
import { type PackageFile, toTarGz } from './archive.js';

export interface DebControl {
  /** The fields of the control file, in their order, but Installed-Size. */
  readonly fields: Readonly<Record<string, string>>;
  /** postinst, prerm, …: name and text. */
  readonly scripts: Readonly<Record<string, string>>;
}

/** A Debian binary package (deb(5)): an ar archive of a version, a control and a data archive. */
export async function toDeb(files: readonly PackageFile[], control: DebControl, mtime: Date): Promise<Buffer> {
  return toAr(
    [
      ['debian-binary', Buffer.from('2.0\n')],
      ['control.tar.gz', await toTarGz(controlFiles(files, control), mtime)],
      ['data.tar.gz', await toTarGz(files, mtime)],
    ],
    mtime,
  );
}

function controlFiles(files: readonly PackageFile[], { fields, scripts }: DebControl): PackageFile[] {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  // In KiB, each file and folder rounded up (deb-substvars(5)).
  const installedSize = files.reduce((sum, { content }) => sum + Math.ceil(content.length / 1024), 0);
  const text = Object.entries({ ...fields, 'Installed-Size': String(installedSize) }).map(([key, value]) => `${key}: ${value}\n`);
  const sums = sorted.filter(({ isSetting }) => !isSetting).map(({ path, content }) => `${md5(content)}  ${path}\n`);
  const settings = sorted.filter(({ isSetting }) => isSetting).map(({ path }) => `/${path}\n`);
  const plain = (path: string, lines: readonly string[]) => ({ path, mode: 0o644, content: Buffer.from(lines.join('')) });
  return [
    plain('control', text),
    plain('md5sums', sums),
    plain('conffiles', settings),
    ...Object.entries(scripts).map(([path, content]) => ({ path, mode: 0o755, content: Buffer.from(content) })),
  ];
}

/** dpkg's own checks want md5; it guards against damage, not against people. */
function md5(content: Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

/** The common ar format (ar(5)); names have 15 characters at most. */
function toAr(members: readonly (readonly [name: string, content: Buffer])[], mtime: Date): Buffer {
  const seconds = String(Math.floor(mtime.getTime() / 1000));
  const parts = members.flatMap(([name, content]) => {
    const header = [
      name.padEnd(16),
      seconds.padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
      String(content.length).padEnd(10),
      '`\n',
    ];
    return [Buffer.from(header.join(''), 'latin1'), content, Buffer.from(content.length % 2 === 0 ? '' : '\n')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}
