import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Licence {
  readonly name: string;
  readonly version: string;
  /** As its package.json says it. */
  readonly licence: string;
  readonly text: string;
}

/** The licence of an unpacked npm package. */
export function licenceOf(folder: string): Licence {
  const { name, version, license = 'not stated' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
  const text = file === undefined || !existsSync(join(folder, file)) ? '' : readFileSync(join(folder, file), 'utf8');
  return { name, version, licence: String(license), text };
}

/** Debian's copyright file: our licence, and what everything that was put together is under. */
export function copyrightFile(ours: string, others: readonly Licence[]): string {
  const rule = '='.repeat(100);
  const sections = others.map(({ name, version, licence, text }) =>
    [rule, `${name} ${version}: ${licence}`, rule, '', text.trim() || '(The package has no file with its licence.)', ''].join(
      '\n',
    ),
  );
  return [ours.trim(), '', `This package also holds the following, each under its own licence.`, '', ...sections].join('\n');
}
