#!/usr/bin/env node
import { runCli } from '@venfleet/core/node';
import { conformProgram } from './conform/cli.js';

await runCli(conformProgram());
