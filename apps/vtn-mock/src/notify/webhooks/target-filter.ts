import type { ValuesMap } from '@venfleet/openadr';
import type { Wish } from '../../store/subscriptions.js';
import type { Told } from '../audience.js';

/**
 * Whether an object has one of the targets that a subscription names, as in the lists of its version: what has no
 * targets is then left out, but for reports, which cannot have any. A VEN's targets count only as far as it holds them.
 */
export function matchesTargets({ version, targets, targets301 }: Wish, { audience, view }: Told): boolean {
  const { object } = audience;
  if (object.targets === undefined) return true;
  if (version === '3.1.0') {
    const wanted = listOf<string>(targets);
    return wanted.length === 0 || audience.targets.some((t) => wanted.includes(t) && (view.shown?.has(t) ?? true));
  }
  const wanted = listOf<ValuesMap>(targets301);
  return wanted.length === 0 || listOf<ValuesMap>(object.targets.targets301).some((own) => wanted.some((w) => meet(own, w)));
}

function meet(own: ValuesMap, wanted: ValuesMap): boolean {
  return own.type === wanted.type && own.values.some((value) => wanted.values.some((w) => String(w) === String(value)));
}

const listOf = <T>(text: string | null): T[] => (text === null ? [] : JSON.parse(text));
