#!/usr/bin/env node
import { createProgram, runCli } from '@venfleet/core/node';
import { addResourceDbCommands } from './cli/program.js';

const program = createProgram('resource-db', 'The database of flexible resources and their connections');
addResourceDbCommands(program);
await runCli(program);
