import type { Caller } from '../auth/caller.js';
import type { JsonText } from '../http/json.js';
import { anyTarget, anyTargetOrNone, type Condition } from '../store/listing.js';
import type { VtnContext } from '../vtn-context.js';

/** What of a list a caller may see, and which targets of it; none named means all. */
export interface Visibility {
  readonly conditions: readonly Condition[];
  readonly shown?: ReadonlySet<string>;
}

/**
 * Programs and events over 3.1 (Definition, object privacy): a VEN sees those without targets and those with a target
 * that it holds, and of these only such targets. Naming targets narrows that, and hides what has none.
 * @param table the table or its alias, ours.
 * @param wanted the query's targets
 */
export function visibleList(
  { vens, settings }: VtnContext,
  caller: Caller,
  table: string,
  wanted: readonly string[] | undefined,
): Visibility {
  const named = wanted?.length ? wanted : undefined;
  if (caller.role === 'BL') return { conditions: named === undefined ? [] : [anyTarget(table, named)] };
  const grant = vens.grantOf(caller.clientId);
  const held = named === undefined ? (settings.strictTargets ? [] : grant) : grant.filter((t) => named.includes(t));
  const visible = named === undefined ? anyTargetOrNone : anyTarget;
  return { conditions: [visible(table, held)], shown: new Set(held) };
}

/** Whether a caller may see one object, and the targets of it that it may see; undefined shown means all. */
export function visibleObject(
  { vens }: VtnContext,
  caller: Caller,
  { targets }: { readonly targets: JsonText | null },
): { readonly visible: boolean; readonly shown?: ReadonlySet<string> } {
  if (caller.role === 'BL') return { visible: true };
  const shown = new Set(vens.grantOf(caller.clientId));
  const own = targetsOf(targets);
  return { visible: own.length === 0 || own.some((target) => shown.has(target)), shown };
}

/** An object's targets as a reader may see them. */
export function shownTargets(targets: JsonText | null, shown: ReadonlySet<string> | undefined): JsonText | null {
  if (shown === undefined || targets === null) return targets;
  return JSON.stringify(targetsOf(targets).filter((target) => shown.has(target)));
}

const targetsOf = (targets: JsonText | null): string[] => (targets === null ? [] : JSON.parse(targets));
