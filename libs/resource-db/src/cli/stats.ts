import { addCommand, type Command, printResult } from '@venfleet/core/node';
import { openResourceDb } from '../resource-db.js';
import type { Statistics } from '../statistics.js';
import type { FileDefaults } from './connections.js';
import { formatTable, grouped } from './table.js';

const NAMED_VENS = 10;

export function addStats(program: Command, defaults: FileDefaults): void {
  addCommand(program, 'stats', 'Shows how many resources and VENs of each kind there are')
    .option('--db <path>', 'the resource database', defaults.db)
    .option('--json', 'print all of it as one line of JSON, with every VEN')
    .action(({ db: path, json }: { db: string; json?: boolean }) => {
      const db = openResourceDb(path, 'readonly');
      try {
        const statistics = db.statistics();
        printResult(json, statistics, () => describe(statistics));
      } finally {
        db.close();
      }
    });
}

function describe(s: Statistics): string {
  const counted = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([key, n]) => [`  ${key}`, grouped(n)]);
  const section = (title: string, rows: string[][]) => `\n${title}\n${formatTable(rows)}`;
  const { pMinKw, pMaxKw, eMinKwh, eMaxKwh } = s.capacity;
  const more = s.byVen.length - NAMED_VENS;
  const totals = [
    ['resources', grouped(s.resources)],
    ['of them enabled', grouped(s.enabled)],
    ['VENs', grouped(s.vens)],
    ['Modbus gateways', grouped(s.modbusGateways)],
  ];
  const vens = s.byVen.slice(0, NAMED_VENS).map(({ ven, resources }) => [`  ${ven}`, grouped(resources)]);
  const kinds = Object.keys(s.byConnection.reader) as (keyof typeof s.byConnection.reader)[];
  const connections = kinds.map((kind) => [
    `  ${kind}`,
    grouped(s.byConnection.reader[kind]),
    grouped(s.byConnection.writer[kind]),
  ]);
  return [
    formatTable(totals),
    section('by type', counted(s.byType)),
    section('by sub-type', counted(s.bySubType)),
    `\n${formatTable(connections, ['by connection', 'meters', 'controls'])}`,
    section('capacity', [
      ['  P_min..P_max', grouped(pMinKw), '..', grouped(pMaxKw), 'kW'],
      ['  E_min..E_max', grouped(eMinKwh), '..', grouped(eMaxKwh), 'kWh'],
    ]),
    section('biggest VENs', vens) + (more > 0 ? `\n  … and ${grouped(more)} more (--json lists all)` : ''),
  ].join('\n');
}
