#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { runCli } from '@venfleet/core/node';

// A simulator is up for days with ten thousand devices: V8 shall collect garbage sooner and grow its heap
// later, which takes a third off its memory (docs/device-sim.md). It has to know before modules are loaded.
if (process.argv[2] === 'serve') {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--semi-space-growth-factor=1');
}
const { deviceSimProgram } = await import('./cli.js');
await runCli(deviceSimProgram());
