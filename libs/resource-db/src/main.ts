#!/usr/bin/env node
import { createProgram, runCli } from '@venfleet/core/node';
import { addFileCommands } from './cli/files.js';
import { addPrepare } from './cli/prepare.js';
import { addQuery } from './cli/query.js';
import { addStats } from './cli/stats.js';

const program = createProgram('resource-db', 'The database of flexible resources and their connections');
addPrepare(program);
addStats(program);
addQuery(program);
addFileCommands(program);
await runCli(program);
