#!/usr/bin/env node
import { createProgram, runCli } from '@venfleet/core/node';
import { checkBoundaries } from './check.js';
import { boundaries } from './table.js';

const program = createProgram('boundaries', 'Checks that imports keep to the architecture: src/table.ts holds the rules.')
  .argument('[root]', 'the root of the repository', '.')
  .action((root: string) => {
    const { files, imports, findings } = checkBoundaries(root, boundaries);
    for (const { file, line, rule, instead } of findings) process.stdout.write(`${file}:${line}: ${rule}: ${instead}\n`);
    if (findings.length > 0) process.exitCode = 1;
    else process.stdout.write(`${files} files, ${imports} imports: no boundary crossed\n`);
  });

await runCli(program);
