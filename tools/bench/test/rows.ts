import type { Contest, Row } from '../src/row.js';

/** A row that measures nothing: its figures are given. */
export function rowOf(over: Partial<Row> = {}, contest: Contest = { ours: async () => 1, peer: async () => 1 }): Row {
  return {
    name: 'sample',
    what: 'our work',
    against: 'the peer',
    unit: 'requests/s',
    target: { atLeast: 0.8 },
    prepare: async () => contest,
    ...over,
  };
}
