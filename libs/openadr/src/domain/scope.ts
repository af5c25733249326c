import type { Attribute, Target } from '../client/domain.js';

/** Whom targets can name: the VEN, or one of its resources, by its name or by the targets that the VTN gave it. */
export interface Targeted {
  readonly name: string;
  readonly targets: readonly Target[];
}

/**
 * The resources that a list of targets is for. An empty list is for all. Resources that it names, or that hold one of
 * its targets, narrow it to these; else one that the VEN itself meets is for all of its resources.
 *
 * 3.0.1 has typed targets (Definition, target enumerations), of which PROGRAM_NAME and EVENT_NAME say nothing of
 * resources. In 3.1 a target is a plain string, held by the VEN or by resources: what was granted only through a
 * resource concerns that resource only.
 */
export function targetedResources<R extends Targeted>(targets: readonly Target[], ven: Targeted, resources: readonly R[]): R[] {
  const about = targets.filter((target) => typeof target === 'string' || !NOT_ABOUT_RESOURCES.has(target.type));
  if (about.length === 0) return [...resources];
  const named = resources.filter((resource) => about.some((target) => names(target, 'RESOURCE_NAME', resource.name)));
  if (named.length > 0) return named;
  if (about.some((target) => names(target, 'VEN_NAME', ven.name) || isHeld(target, ven.targets))) return [...resources];
  return resources.filter((resource) => about.some((target) => isHeld(target, resource.targets)));
}

const NOT_ABOUT_RESOURCES: ReadonlySet<string> = new Set(['PROGRAM_NAME', 'EVENT_NAME']);

function names(target: Target, type: string, name: string): boolean {
  return typeof target === 'string' ? target === name : target.type === type && target.values.includes(name);
}

function isHeld(target: Target, held: readonly Target[]): boolean {
  if (typeof target === 'string') return held.includes(target);
  return held.some((other) => typeof other !== 'string' && other.type === target.type && sharesValue(other, target));
}

const sharesValue = (a: Attribute, b: Attribute): boolean => a.values.some((value) => b.values.includes(value));
