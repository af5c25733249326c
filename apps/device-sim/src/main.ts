#!/usr/bin/env node
import { runCli } from '@venfleet/core/node';
import { deviceSimProgram } from './cli.js';

await runCli(deviceSimProgram());
