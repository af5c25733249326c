import type { ModbusTable } from './modbus-schema.js';

/** Compares by table, for sorting. Not by `localeCompare`: that loads the rules of all languages, 6 MB of memory. */
export function byTable(a: { readonly table: ModbusTable }, b: { readonly table: ModbusTable }): number {
  if (a.table === b.table) return 0;
  return a.table < b.table ? -1 : 1;
}
