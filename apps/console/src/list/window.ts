/** Rows of a long list that are drawn: those in view, and some around them. */
export interface Window {
  readonly first: number;
  /** The one behind the last. */
  readonly end: number;
  /** Space that stands for the rows before and after. */
  readonly before: number;
  readonly after: number;
}

const OVERSCAN = 8;

/**
 * @param count rows in all, each `rowHeight` high
 * @param top how far the list is scrolled, in the same unit
 * @param height of what shows of it
 */
export function windowOf(count: number, rowHeight: number, top: number, height: number): Window {
  const clamp = (row: number) => Math.min(count, Math.max(0, row));
  const first = clamp(Math.floor(top / rowHeight) - OVERSCAN);
  const end = Math.max(first, clamp(Math.ceil((top + height) / rowHeight) + OVERSCAN));
  return { first, end, before: first * rowHeight, after: (count - end) * rowHeight };
}

/** Where to scroll to, so that a row shows whole; as little as need be. */
export function scrollTo(row: number, rowHeight: number, top: number, height: number): number {
  const [start, end] = [row * rowHeight, (row + 1) * rowHeight];
  if (start < top) return start;
  return end > top + height ? end - height : top;
}

/** The row that a key leads to; undefined for a key that leads nowhere. */
export function rowByKey(key: string, row: number, count: number, page: number): number | undefined {
  const target = { ArrowDown: row + 1, ArrowUp: row - 1, PageDown: row + page, PageUp: row - page, Home: 0, End: count - 1 }[key];
  return target === undefined || count === 0 ? undefined : Math.min(count - 1, Math.max(0, target));
}
