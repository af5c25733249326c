import { setFlagsFromString } from 'node:v8';

/** V8 takes these only before it has loaded the modules that they shall be of use for. */
export function keepHeapSmall(): void {
  // An agent is up for months, on a Raspberry Pi too, and has little to reckon. So V8 shall collect garbage sooner, grow
  // its heap later, and compile to machine code only what has run for long (10 MB of byte code, not 66 kB): that costs it
  // little and takes a third off its memory.
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--semi-space-growth-factor=1');
  compileLater(150);
}

/** From so many resources on, a small heap costs more than it saves: garbage of a second no longer fits into it. */
const MANY_RESOURCES = 1500;

/** Lets the heap grow, and code be compiled sooner, where there is much to do: V8's own defaults. */
export function sizeHeapFor(resources: number): void {
  if (resources < MANY_RESOURCES) return;
  setFlagsFromString('--semi-space-growth-factor=2');
  compileLater(1);
}

/** Compiles code when it has run `times` as long as V8 waits by itself: counted in byte code up to Node 20, then in calls. */
function compileLater(times: number): void {
  if (Number.parseInt(process.versions.v8, 10) < 12) setFlagsFromString(`--interrupt-budget=${67_584 * times}`);
  else {
    setFlagsFromString(`--invocation-count-for-maglev=${400 * times}`);
    setFlagsFromString(`--invocation-count-for-turbofan=${3000 * times}`);
    setFlagsFromString(`--invocation-count-for-osr=${500 * times}`);
  }
}
