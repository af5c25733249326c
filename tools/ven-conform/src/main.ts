#!/usr/bin/env node
import { runCli } from '@venfleet/core/node';
import { conformProgram } from './cli.js';

await runCli(conformProgram());
