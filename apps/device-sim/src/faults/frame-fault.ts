import { type Random, uniformInt } from '@venfleet/core';
import type { FaultSpec } from './spec.js';

/** What happens to one request and its answer. */
export interface FrameFault {
  /**
   * `answer`: as usual. `exception`: refused, and nothing is done. `silence`: the request is lost.
   * `drop`: the connection is closed, and nothing is done.
   */
  readonly outcome: 'answer' | 'exception' | 'silence' | 'drop';
  /** The code of an `exception`. */
  readonly exception: number;
  /** The request is carried out at once, its answer is sent so much later. */
  readonly delayMs: number;
  /** How many pieces the answer comes in, `gapMs` apart. */
  readonly pieces: number;
  readonly gapMs: number;
  /** Sent before the answer. */
  readonly junk: Buffer | undefined;
  /** Added to the transaction id, modulo 65,536. */
  readonly transactionOffset: number;
}

type Draft = { -readonly [K in keyof FrameFault]: FrameFault[K] };

/** From harmless to harmful: the most harmful of several wins. */
const OUTCOMES = ['answer', 'exception', 'silence', 'drop'] as const;
/** 0x0B, gateway target device failed to respond. */
const TARGET_FAILED_TO_RESPOND = 11;

/**
 * What the faults that concern a device make of its next request: the most harmful outcome, delays
 * added up, the most pieces, all junk. Each draws from its own chance alone, so its outcomes repeat
 * whatever other faults there are. undefined: nothing is wrong with this one.
 */
export function decideFrameFault(
  faults: Iterable<{ readonly spec: FaultSpec; readonly random: Random }>,
): FrameFault | undefined {
  let draft: Draft | undefined;
  for (const { spec, random } of faults) {
    const part = frameEffect(spec, random);
    if (part === undefined || (spec.chance !== undefined && random.next() >= spec.chance)) continue;
    draft ??= { outcome: 'answer', exception: 0, delayMs: 0, pieces: 1, gapMs: 0, junk: undefined, transactionOffset: 0 };
    lay(draft, part);
  }
  return draft;
}

function lay(draft: Draft, part: Partial<FrameFault>): void {
  const { outcome = 'answer', junk } = part;
  if (OUTCOMES.indexOf(outcome) > OUTCOMES.indexOf(draft.outcome)) {
    draft.outcome = outcome;
    draft.exception = part.exception ?? 0;
  }
  draft.delayMs += part.delayMs ?? 0;
  draft.pieces = Math.max(draft.pieces, part.pieces ?? 1);
  draft.gapMs = Math.max(draft.gapMs, part.gapMs ?? 0);
  draft.transactionOffset += part.transactionOffset ?? 0;
  if (junk !== undefined) draft.junk = draft.junk === undefined ? junk : Buffer.concat([draft.junk, junk]);
}

/** undefined for a fault of the device that leaves its frames alone. */
function frameEffect(spec: FaultSpec, random: Random): Partial<FrameFault> | undefined {
  switch (spec.kind) {
    case 'timeout':
      return { outcome: 'silence' };
    case 'drop':
      return { outcome: 'drop' };
    case 'offline':
      return spec.lastWill ? { outcome: 'exception', exception: TARGET_FAILED_TO_RESPOND } : { outcome: 'silence' };
    case 'exception':
      return { outcome: 'exception', exception: spec.exception ?? 0 };
    case 'delay':
      return { delayMs: spec.delayMs ?? 0 };
    case 'split':
      return { pieces: spec.pieces ?? 1, gapMs: spec.gapMs ?? 0 };
    case 'junk':
      return { junk: Buffer.from(Array.from({ length: spec.junkBytes ?? 0 }, () => uniformInt(random, 0, 255))) };
    case 'wrong-transaction':
      return { transactionOffset: spec.transactionOffset ?? 0 };
    default:
      return undefined;
  }
}
