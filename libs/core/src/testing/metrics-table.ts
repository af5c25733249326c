import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../..');

/** The table of metrics that docs/monitoring.md has of a program. @throws Error when it has none */
export function documentedMetrics(program: string): string {
  const text = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8');
  const table = new RegExp(`<!-- metrics:${program} -->\n(.*?)\n<!-- /metrics -->`, 's').exec(text)?.[1];
  if (table === undefined) throw new Error(`docs/monitoring.md has no table of the metrics of ${program}`);
  return table;
}

/** The table that it should have. @param exposition what the program serves at /metrics */
export function metricsTable(exposition: string): string {
  const help = new Map([...exposition.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name, words]) => [name, words]));
  const rows = [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)]
    .map(([, name = '', type = '']) => [`\`${name}\``, type, help.get(name) ?? ''])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  const head = ['metric', 'type', 'what'];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
