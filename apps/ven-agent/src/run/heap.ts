import { setFlagsFromString } from 'node:v8';

/** V8 takes these only before it has loaded the modules that they shall be of use for. */
export function keepHeapSmall(): void {
  // An agent is up for months, on a Raspberry Pi too, and has little to reckon. So V8 shall collect garbage sooner, grow
  // its heap later, and compile to machine code only what has run through 10 MB of byte code, not 66 kB: that costs it
  // little and takes a third off its memory.
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--interrupt-budget=10000000');
}

/** From so many resources on, a small heap costs more than it saves: garbage of a second no longer fits into it. */
const MANY_RESOURCES = 1500;

/** Lets the heap grow, and code be compiled sooner, where there is much to do: V8's own defaults. */
export function sizeHeapFor(resources: number): void {
  if (resources < MANY_RESOURCES) return;
  setFlagsFromString('--semi-space-growth-factor=2');
  setFlagsFromString('--interrupt-budget=67584');
}
