#!/usr/bin/env node
import { errorSink, runCli } from '@venfleet/core/node';
import { keepHeapSmall } from './run/heap.js';

if (process.argv[2] === 'run') keepHeapSmall();
const { buildProgram } = await import('./cli.js');
await runCli(buildProgram(process.env), process.argv, errorSink(process.env));
