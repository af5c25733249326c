import { type Instant, VenfleetError } from '@venfleet/core';
import {
  addCommand,
  type Command,
  createProgress,
  Option,
  printResult,
  shutdownSignal,
  usageError,
  wholeNumber,
} from '@venfleet/core/node';
import { openResourceDb } from '@venfleet/resource-db';
import { selectVens } from '../fleet/selection.js';
import { HISTORY_FORMATS } from '../history/formats.js';
import { type HistoryResource, rowsPerMeter } from '../history/rows.js';
import { writeHistory } from '../history/write-history.js';
import { DEFAULT_DB, DEFAULT_SEED, parseMoment, parseSpan } from './options.js';

interface Options {
  readonly from: Instant;
  readonly to: Instant;
  readonly step: number;
  readonly ven?: string;
  readonly limit?: number;
  readonly format: 'csv' | 'influx';
  readonly out: string;
  readonly gzip?: true;
  readonly db: string;
  readonly seed: string;
  readonly json?: true;
}

export function addHistory(program: Command): void {
  addCommand(program, 'history', 'Writes what the meters would have shown: one file a VEN')
    .requiredOption('--from <TIME>', 'the first reading, Danish time unless it has a zone', parseMoment)
    .requiredOption('--to <TIME>', 'the end, which has no reading any more', parseMoment)
    .option('--step <SPAN>', 'between two readings: 15m, 30s, 1h', parseSpan, 900_000)
    .option('--ven <NAME>', 'one VEN')
    .option('--limit <N>', 'the N biggest VENs', wholeNumber(1))
    .addOption(new Option('--format <FORMAT>', 'CSV, or InfluxDB line protocol').choices(['csv', 'influx']).default('csv'))
    .option('--out <DIR>', 'folder for the files, made when missing', 'history')
    .option('--gzip', 'compress them')
    .option('--db <FILE>', 'the resource database', DEFAULT_DB)
    .option('--seed <SEED>', 'of all chance: the same seed gives the same readings', DEFAULT_SEED)
    .option('--json', 'print the result as one line of JSON')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { from, to, step: stepMs, seed, out, format, gzip = false, json } = options;
  if (to <= from) throw usageError('--to must be later than --from');
  const vens = selectResources(options);
  const meters = [...vens.values()].reduce((sum, list) => sum + list.length, 0);
  const span = { from, to, stepMs, seed };
  const progress = createProgress(meters * rowsPerMeter(span), 'readings');
  try {
    const result = await writeHistory(vens, {
      ...span,
      out,
      format: HISTORY_FORMATS[format],
      gzip,
      signal: shutdownSignal(),
      onProgress: (rows, ven) => progress.update(rows, ven),
    });
    progress.stop();
    printResult(json, { ...result, meters, peakRssBytes: process.resourceUsage().maxRSS * 1024 }, () => {
      const files = result.files.length === 1 ? result.files[0] : `${result.files.length} files in ${out}`;
      return `${result.rows.toLocaleString('en')} readings of ${meters.toLocaleString('en')} meters in ${files}`;
    });
  } finally {
    progress.stop();
  }
}

/** The resources of the selected VENs, biggest VEN first; nothing but what is needed of each. */
function selectResources({ db: path, ven, limit }: Options): Map<string, HistoryResource[]> {
  const db = openResourceDb(path, 'readonly');
  try {
    const selected = selectVens(db.resources.vens(), { ven, limit });
    if (selected.size === 0) throw new VenfleetError('FLEET_EMPTY', `there are no resources in ${path}`);
    return new Map(
      [...selected].map((name) => [
        name,
        db.resources.byVen(name).map(({ resourceId, meterPointId, type, subType, pMin, pMax, eMin, eMax }) => {
          return { ven: name, resourceId, meterPointId, type, subType, pMin, pMax, eMin, eMax };
        }),
      ]),
    );
  } finally {
    db.close();
  }
}
