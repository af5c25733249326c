import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeFileAtomically } from '@venfleet/core/node';
import type { Architecture } from './architectures.js';
import { type PackageFile, toTarGz } from './archive.js';
import { toDeb } from './deb.js';
import { packageFiles, type Sources } from './layout.js';

export interface MakeOptions extends Sources {
  readonly out: string;
  /** Of every file: the same sources give the same bytes. */
  readonly mtime: Date;
  readonly deb: boolean;
  readonly tar: boolean;
}

/** A file that was made. */
export interface Made {
  readonly path: string;
  readonly bytes: number;
}

/** Makes the packages for one architecture. @throws VenfleetError as packageFiles, FILE_UNWRITABLE */
export async function makePackages(architecture: Architecture, options: MakeOptions): Promise<Made[]> {
  const { root, version, out, mtime } = options;
  makeFolder(out);
  const files = await packageFiles(architecture, options);
  const scripts = scriptsOf(root);
  const made: Made[] = [];
  const write = (name: string, content: Buffer) => {
    writeFileAtomically(join(out, name), content);
    made.push({ path: join(out, name), bytes: content.length });
  };
  if (options.deb) {
    const { postinst, prerm, postrm } = scripts;
    const control = { fields: controlFields(architecture, version), scripts: { postinst, prerm, postrm } };
    write(`venfleet_${version}_${architecture.debian}.deb`, await toDeb(files, control, mtime));
  }
  if (options.tar) {
    const folder = `venfleet-${version}-linux-${architecture.name}`;
    const install: PackageFile = { path: 'install.sh', mode: 0o755, content: Buffer.from(scripts.install) };
    write(`${folder}.tar.gz`, await toTarGz([...files, install], mtime, `${folder}/`));
  }
  return made;
}

/** The maintainer scripts of the .deb, and the installation script of the .tar.gz, by name. */
export function scriptsOf(root: string) {
  const text = (name: string) => readFileSync(join(root, 'tools/package-pi/files', `${name}.sh`), 'utf8');
  const configure = text('configure');
  const withConfigure = (name: string) => text(name).replace('#CONFIGURE#\n', () => configure);
  return { postinst: withConfigure('postinst'), prerm: text('prerm'), postrm: text('postrm'), install: withConfigure('install') };
}

function controlFields({ debian }: Architecture, version: string): Record<string, string> {
  return {
    Package: 'venfleet',
    Version: version,
    Architecture: debian,
    Maintainer: 'venfleet maintainers <maintainers@venfleet.invalid>',
    Section: 'net',
    Priority: 'optional',
    // Of Node's binary and the native module: what they are linked with. Of the scripts: sysusers, setpriv, deb-systemd-helper.
    Depends: 'libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 8), systemd (>= 246), util-linux, init-system-helpers (>= 1.52)',
    Recommends: 'systemd-timesyncd | time-daemon, ca-certificates',
    Description: [
      'OpenADR 3 virtual end node (VEN) for the edge',
      ' Registers a VEN and its flexible resources with an OpenADR 3.0 or 3.1 VTN, reads their meters over Modbus',
      ' TCP and MQTT, reports to the VTN, and carries out demand-response events. Node is part of the package.',
    ].join('\n'),
  };
}
