#!/usr/bin/env node
import { runCli } from '@venfleet/core/node';
import { vtnMockProgram } from './cli.js';

await runCli(vtnMockProgram());
