import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Empty } from '../ui/parts.js';
import { rowByKey, scrollTo, windowOf } from './window.js';

export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => ComponentChildren;
  /** Figures stand right-aligned. */
  readonly isNumber?: boolean;
  /** Left out on a narrow screen. */
  readonly isExtra?: boolean;
  /** What the list is sorted by when the title is pressed. */
  readonly sortBy?: (item: T) => string | number;
}

const ROW_HEIGHT = 44;

/**
 * A table of any length of which only the rows in view exist. The first column is each row's link; arrow keys, Page Up,
 * Page Down, Home and End move between them.
 */
export function VirtualTable<T>({ label, items, columns, keyOf, hrefOf, initialSort, empty }: VirtualTableProps<T>) {
  const [sort, setSort] = useState(initialSort);
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [focused, setFocused] = useState<number | undefined>(undefined);
  const sorted = sortedBy(items, columns, sort);
  const { first, end, before, after } = windowOf(sorted.length, ROW_HEIGHT, view.top, view.height);
  const look = () => {
    const box = scroller.current;
    if (box !== null) setView({ top: box.scrollTop, height: box.clientHeight });
  };
  useLayoutEffect(look, []);
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const observer = new ResizeObserver(look);
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (focused === undefined) return;
    scroller.current?.querySelector<HTMLElement>(`[data-row="${focused}"] a`)?.focus({ preventScroll: true });
    setFocused(undefined);
  }, [focused]);
  const onKeyDown = (event: KeyboardEvent) => {
    const row = Number((event.target as Element).closest('[data-row]')?.getAttribute('data-row') ?? Number.NaN);
    const box = scroller.current;
    if (Number.isNaN(row) || box === null) return;
    const target = rowByKey(event.key, row, sorted.length, Math.floor(box.clientHeight / ROW_HEIGHT));
    if (target === undefined) return;
    event.preventDefault();
    box.scrollTop = scrollTo(target, ROW_HEIGHT, box.scrollTop, box.clientHeight);
    look();
    setFocused(target);
  };
  if (sorted.length === 0) return <Empty>{empty}</Empty>;
  return (
    <div class="vtable" role="table" aria-label={label} aria-rowcount={sorted.length + 1}>
      <Titles columns={columns} sort={sort} onSort={setSort} />
      <div class="vtable-scroll" ref={scroller} onScroll={look} onKeyDown={onKeyDown} role="presentation">
        <div role="rowgroup" style={{ paddingTop: `${before}px`, paddingBottom: `${after}px` }}>
          {sorted.slice(first, end).map((item, i) => (
            <Row key={keyOf(item)} row={first + i} item={item} columns={columns} href={hrefOf(item)} />
          ))}
        </div>
      </div>
    </div>
  );
}

interface VirtualTableProps<T> {
  readonly label: string;
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (item: T) => string;
  readonly hrefOf: (item: T) => string;
  readonly initialSort: Sort;
  /** What stands there when there is nothing. */
  readonly empty: string;
}

export interface Sort {
  readonly column: number;
  readonly isDescending: boolean;
}

function sortedBy<T>(items: readonly T[], columns: readonly Column<T>[], { column, isDescending }: Sort): readonly T[] {
  const by = columns[column]?.sortBy;
  if (by === undefined) return items;
  const direction = isDescending ? -1 : 1;
  const keyed = items.map((item) => ({ item, key: by(item) }));
  keyed.sort(({ key: a }, { key: b }) => direction * (typeof a === 'string' ? a.localeCompare(String(b), 'da') : a - Number(b)));
  return keyed.map(({ item }) => item);
}

function Titles<T>({ columns, sort, onSort }: TitlesProps<T>) {
  return (
    <div class="vtable-row vtable-titles" role="row" aria-rowindex={1}>
      {columns.map(({ title, sortBy, ...column }, i) => {
        const isSorted = sort.column === i;
        const arrow = isSorted ? (sort.isDescending ? ' ↓' : ' ↑') : '';
        return (
          <div
            key={title}
            role="columnheader"
            class={cellClass(column)}
            aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : 'none'}
          >
            {sortBy === undefined ? (
              title
            ) : (
              <button
                type="button"
                onClick={() => onSort({ column: i, isDescending: isSorted ? !sort.isDescending : !!column.isNumber })}
              >
                {title}
                <span aria-hidden="true">{arrow}</span>
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}

interface TitlesProps<T> {
  readonly columns: readonly Column<T>[];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}

function Row<T>({ row, item, columns, href }: RowProps<T>) {
  return (
    <div class="vtable-row" role="row" aria-rowindex={row + 2} data-row={row}>
      {columns.map((column, i) => (
        <div key={column.title} role="cell" class={cellClass(column)}>
          {i === 0 ? <a href={href}>{column.cell(item)}</a> : column.cell(item)}
        </div>
      ))}
    </div>
  );
}

interface RowProps<T> {
  readonly row: number;
  readonly item: T;
  readonly columns: readonly Column<T>[];
  readonly href: string;
}

const cellClass = ({ isNumber, isExtra }: { isNumber?: boolean; isExtra?: boolean }): string =>
  `vtable-cell${isNumber ? ' is-number' : ''}${isExtra ? ' is-extra' : ''}`;
