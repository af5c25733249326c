import { setFlagsFromString } from 'node:v8';

/** V8 takes these only before it has loaded the modules that they shall be of use for. */
export function keepHeapSmall(): void {
  // An agent is up for months, on a Raspberry Pi too, and has little to reckon. So V8 shall collect garbage sooner, grow
  // its heap later, and compile little or nothing to machine code: that costs it little and takes a third off its memory.
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--semi-space-growth-factor=1');
  compileMuch(false);
}

/** From so many resources on, a small heap costs more than it saves: garbage of a second no longer fits into it. */
const MANY_RESOURCES = 1500;

/** Lets the heap grow, and code be compiled, where there is much to do: V8's own defaults. */
export function sizeHeapFor(resources: number): void {
  if (resources < MANY_RESOURCES) return;
  setFlagsFromString('--semi-space-growth-factor=2');
  compileMuch(true);
}

const COMPILERS = ['maglev', 'turbofan', 'wasm-tier-up', 'wasm-dynamic-tiering'];

/** Sets V8's optimising compilers to work as it does by itself, or makes do with byte code and what that becomes at once. */
function compileMuch(much: boolean): void {
  if (Number.parseInt(process.versions.v8, 10) < 12) {
    // Only what has run for long is compiled: 10 MB of byte code, not 66 kB.
    setFlagsFromString(`--interrupt-budget=${67_584 * (much ? 1 : 150)}`);
  } else {
    // From Node 22 on there are two for JavaScript, and llhttp (WebAssembly), which reads the VTN's answers, is compiled by the
    // greater of them after some twenty answers: 15 to 20 MB for good, however late that is.
    for (const flag of COMPILERS) setFlagsFromString(much ? `--${flag}` : `--no-${flag}`);
  }
}
