import { toCsv } from '../import/rejects.js';
import type { Resource } from '../model.js';
import type { ResourceDb } from '../resource-db.js';
import { COLUMNS, endCells, NO_CONTROL } from './rows.js';

export interface ExportedConnections {
  /** What importConnections takes; imported as it is, it changes nothing. */
  readonly csv: string;
  readonly rows: number;
  /** Resources that no row can be written for: without a meter, or read from a file. */
  readonly leftOut: readonly Resource[];
}

/** The present connections as an installer's CSV file, to be filled in on site. @param ven only this one's */
export function exportConnections(db: ResourceDb, ven?: string): ExportedConnections {
  const lines: string[] = [];
  const leftOut: Resource[] = [];
  const connection = (id: number | null) => (id === null ? null : (db.connections.get(id) ?? null));
  for (const resource of db.resources.list({ ven })) {
    const [meter, control] = [connection(resource.readerConnectionId), connection(resource.writerConnectionId)];
    if (meter === null || meter.type === 'FILEREADER') {
      leftOut.push(resource);
      continue;
    }
    const controlCells = endCells(control);
    if (control === null) controlCells[COLUMNS.indexOf('control_profile') - COLUMNS.indexOf('control_host')] = NO_CONTROL;
    lines.push(toCsv([resource.meterPointId, resource.name, ...endCells(meter), ...controlCells]));
  }
  return { csv: [toCsv(COLUMNS), ...lines].map((line) => `${line}\n`).join(''), rows: lines.length, leftOut };
}
