#!/usr/bin/env node
import { runCli } from '@venfleet/core/node';
import { buildProgram } from './cli.js';

await runCli(buildProgram(process.env));
