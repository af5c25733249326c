import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VenfleetError } from '@venfleet/core';
import { createProgram, runCli, wholeNumber, writeFileAtomically } from '@venfleet/core/node';
import { type FleetFile, generateFleet } from './sites.js';

interface Options {
  readonly out: string;
  readonly scale: number;
  readonly seed: string;
  readonly check?: boolean;
}

const program = createProgram(
  'sample-fleet',
  'Generates the sample fleet: eight CSV files of invented sites in real Danish places.',
)
  .option('--out <dir>', 'folder of the CSV files', 'config/exampleassets')
  .option('--scale <n>', 'N times the sites in each of the 158 cities', wholeNumber(1, 100), 1)
  .option('--seed <text>', 'another seed gives another fleet with the same totals', 'venfleet')
  .option('--check', 'write nothing; fail when the files in DIR differ from what would be written')
  .action(({ out, scale, seed, check }: Options) => {
    const files = generateFleet(seed, scale);
    if (check) compare(out, files);
    else for (const { name, content } of files) writeFileAtomically(join(out, name), content);
    process.stdout.write(`${files.length} files ${check ? 'are right' : 'written'} in ${out}\n`);
  });

function compare(out: string, files: readonly FleetFile[]): void {
  const different = files.filter(({ name, content }) => {
    const path = join(out, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== content;
  });
  if (different.length === 0) return;
  throw new VenfleetError('SAMPLE_DIFFERS', `${out} differs from the generated sample fleet`, {
    details: different.map(({ name }) => name),
    hint: 'generate it again without --check, or name its --seed and --scale',
  });
}

await runCli(program);
