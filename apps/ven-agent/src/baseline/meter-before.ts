import { instant, minutes } from '@venfleet/core';
import type { Baseline, LoadChanges, PowerHistory } from './baseline.js';

/** A meter that is new has less of a past: the longest of these that is known counts, at last the last reading alone. */
const LOOK_BACKS = [minutes(15), minutes(5), minutes(1), minutes(0)];

/**
 * "Meter before / meter after" (NAESB WEQ-015, performance evaluation methodologies): what was drawn right before the
 * anchor goes on; where another event was under way then, what was drawn before that one. Good for short events only;
 * always an estimate, of no days.
 */
export function meterBefore(history: PowerHistory, changes: Pick<LoadChanges, 'usualBefore'>): Baseline {
  return {
    value({ resource, anchor }) {
      const usual = changes.usualBefore(anchor);
      for (const lookBack of LOOK_BACKS) {
        const from = instant(Math.max(usual.from, usual.to - lookBack));
        const power = history.meanPower(resource, from, usual.to);
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
