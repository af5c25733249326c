import type { Attribute, VenResource } from '@venfleet/openadr';
import type { Desired } from './attributes.js';

export interface ResourceDiff {
  readonly create: readonly Desired[];
  readonly update: readonly { readonly current: VenResource; readonly attributes: readonly Attribute[] }[];
  readonly unchanged: readonly VenResource[];
  /** On the VTN under this VEN, but not wanted: no longer in the database, or a second of the same name. */
  readonly surplus: readonly VenResource[];
}

/** What has to happen so that a VEN's resources on the VTN are the desired ones. Pure. */
export function diffResources(desired: readonly Desired[], existing: readonly VenResource[]): ResourceDiff {
  const byName = new Map<string, VenResource>();
  const surplus: VenResource[] = [];
  const wanted = new Set(desired.map(({ name }) => name));
  for (const resource of existing) {
    // Names are unique within a VEN, yet a VTN of version 3.0.1 need not enforce it (digest, 409).
    if (!wanted.has(resource.name) || byName.has(resource.name)) surplus.push(resource);
    else byName.set(resource.name, resource);
  }
  const create: Desired[] = [];
  const update: { current: VenResource; attributes: readonly Attribute[] }[] = [];
  const unchanged: VenResource[] = [];
  for (const want of desired) {
    const current = byName.get(want.name);
    if (current === undefined) create.push(want);
    else {
      const attributes = mergedAttributes(want.attributes(), current.attributes);
      if (attributes === undefined) unchanged.push(current);
      else update.push({ current, attributes });
    }
  }
  return { create, update, unchanged, surplus };
}

/**
 * The attributes to write so that all desired ones hold, or undefined when they do already. Attributes
 * of other types, set by somebody else, are kept: a PUT replaces the whole object.
 */
export function mergedAttributes(
  desired: readonly Attribute[],
  existing: readonly Attribute[],
): readonly Attribute[] | undefined {
  const current = new Map(existing.map((attribute) => [attribute.type, attribute]));
  const holds = desired.every((want) => {
    const have = current.get(want.type);
    return have !== undefined && sameValues(want.values, have.values);
  });
  if (holds) return undefined;
  const ours = new Set(desired.map(({ type }) => type));
  return [...desired, ...existing.filter(({ type }) => !ours.has(type))];
}

type Value = Attribute['values'][number];

function sameValues(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((value, i) => sameValue(value, b[i]));
}

function sameValue(a: Value, b: Value | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.x === b.x && a.y === b.y;
}
