/** Compares by table, for sorting. Not by `localeCompare`: that loads the rules of all languages, 6 MB of memory. */
export function byTable(a: { readonly table: string }, b: { readonly table: string }): number {
  if (a.table === b.table) return 0;
  return a.table < b.table ? -1 : 1;
}
