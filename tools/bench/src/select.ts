import { usageError } from '@venfleet/core/node';
import type { Row } from './row.js';

/**
 * The rows that were asked for by their names or their family's, in the order of the list. Without
 * names all but the slow ones, with `all` every one; a smoke test leaves out the slow ones that are not named themselves.
 * @throws VenfleetError USAGE for a name that is none
 */
export function selectRows(
  rows: readonly Row[],
  names: readonly string[],
  { all, smoke }: { all: boolean; smoke: boolean },
): Row[] {
  const unknown = names.filter((name) => !rows.some((row) => answersTo(row, name)));
  if (unknown.length > 0) {
    throw usageError(`there is no row ${unknown.join(', ')}`, `the rows are ${rows.map(({ name }) => name).join(', ')}`);
  }
  const asked =
    names.length === 0
      ? rows.filter((row) => all || !row.slow)
      : rows.filter((row) => names.some((name) => answersTo(row, name)));
  return smoke ? asked.filter((row) => !row.slow || names.includes(row.name)) : asked;
}

function answersTo(row: Row, name: string): boolean {
  return row.name === name || row.family === name;
}
