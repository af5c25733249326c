/** A number for people: 9,714. */
export const grouped = (n: number): string => n.toLocaleString('en-US');

/**
 * Columns padded to equal width, two spaces between them; columns whose cells all are numbers (as
 * {@link grouped} writes them) stand to the right.
 */
export function formatTable(rows: readonly (readonly string[])[], header?: readonly string[]): string {
  const all = header === undefined ? rows : [header, ...rows];
  const columns = all[0]?.map((_, i) => i) ?? [];
  const width = columns.map((i) => Math.max(...all.map((row) => [...(row[i] ?? '')].length)));
  const right = columns.map((i) => rows.length > 0 && rows.every((row) => /^-?[\d,.]+$/.test(row[i] ?? '')));
  return all
    .map((row) =>
      row
        .map((cell, i) => pad(cell, width[i] ?? 0, right[i] ?? false))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(cell: string, width: number, right: boolean): string {
  const space = ' '.repeat(width - [...cell].length);
  return right ? space + cell : cell + space;
}
