import { InvalidArgumentError } from '@venfleet/core/node';

/** The last line of the checklist that is about VTNs; those after it are about VENs. */
export const LAST_LINE = 59;

/** `12,15-20` → 12, 15, 16, …, 20. @throws InvalidArgumentError */
export const parseLines = linesWithin(1, LAST_LINE);

/** A parser for lines of the checklist from `first` to `last`. */
export function linesWithin(first: number, last: number): (text: string) => ReadonlySet<number> {
  return (text) => {
    const lines = new Set<number>();
    for (const part of text.split(',')) {
      const [, begin, end = begin] = /^\s*(\d{1,2})(?:-(\d{1,2}))?\s*$/.exec(part) ?? [];
      const [from, to] = [Number(begin), Number(end)];
      if (!(from >= first && from <= to && to <= last)) {
        throw new InvalidArgumentError(
          `It must be lines of the checklist, ${first} to ${last}: ${first + 11},${first + 14}-${first + 19}.`,
        );
      }
      for (let line = from; line <= to; line++) lines.add(line);
    }
    return lines;
  };
}
