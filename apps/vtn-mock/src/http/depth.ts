import { Problem } from './problem.js';

/** SQLite reads JSON of at most 1000 levels (json1, JSON_MAX_DEPTH), and writing it back needs stack for each. */
const MAX_DEPTH = 500;
/** A level takes two characters at least, so that a shorter body need not be looked at. */
const SHORTEST_TOO_DEEP = 2 * (MAX_DEPTH + 1);

/**
 * @param length of the body in bytes as its header says, when it does.
 * @throws Problem 400 when the body is nested too deeply to be kept.
 */
export function refuseDeep(body: unknown, length: string | undefined): void {
  if (length !== undefined && Number(length) < SHORTEST_TOO_DEEP) return;
  if (isDeeper(body, MAX_DEPTH)) throw new Problem(400, `the body is nested in more than ${MAX_DEPTH} levels`);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
