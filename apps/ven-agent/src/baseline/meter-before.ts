import { instant, minutes } from '@venfleet/core';
import type { Baseline, PowerHistory } from './baseline.js';

/** A meter that is new has less of a past: the longest of these that is known counts. */
const LOOK_BACKS = [minutes(15), minutes(5), minutes(1)];

/**
 * "Meter before / meter after" (NAESB WEQ-015, performance evaluation methodologies): what was drawn right before the
 * anchor goes on. Good for short events only; always an estimate, of no days.
 */
export function meterBefore(history: PowerHistory): Baseline {
  return {
    value({ resource, anchor }) {
      for (const lookBack of LOOK_BACKS) {
        const power = history.meanPower(resource, instant(anchor - lookBack), anchor);
        if (power !== undefined) return { power, days: 0, tooFewDays: true, adjustment: 1 };
      }
      return undefined;
    },
  };
}

/** A second method where the first knows nothing. */
export function orElse(first: Baseline, second: Baseline): Baseline {
  return { value: (question) => first.value(question) ?? second.value(question) };
}
