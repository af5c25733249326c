import { InvalidArgumentError } from '@venfleet/core/node';

/** The last line of the checklist that is about VTNs. */
export const LAST_LINE = 59;

/** `12,15-20` → 12, 15, 16, …, 20. @throws InvalidArgumentError */
export function parseLines(text: string): ReadonlySet<number> {
  const lines = new Set<number>();
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,2})(?:-(\d{1,2}))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from >= 1 && from <= to && to <= LAST_LINE)) {
      throw new InvalidArgumentError(`It must be lines of the checklist, 1 to ${LAST_LINE}: 12,15-20.`);
    }
    for (let line = from; line <= to; line++) lines.add(line);
  }
  return lines;
}
