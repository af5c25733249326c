import { toKilowattHours, toKilowatts } from '@venfleet/core';
import { addCommand, type Command, Option, printResult, wholeNumber } from '@venfleet/core/node';
import { type Connection, RESOURCE_TYPES, type Resource, type ResourceType } from '../model.js';
import { openResourceDb } from '../resource-db.js';
import type { FileDefaults } from './connections.js';
import { placeOf } from './place.js';
import { formatTable, grouped } from './table.js';

interface Options {
  readonly db: string;
  readonly ven?: string;
  readonly type?: ResourceType;
  readonly subType?: string;
  readonly meterPoint?: string;
  readonly resource?: string;
  readonly limit: number;
  readonly offset: number;
  readonly json?: boolean;
}

/** A resource with its connections. */
interface Found {
  readonly resource: Resource;
  readonly reader: Connection | undefined;
  readonly writer: Connection | undefined;
}

export function addQuery(program: Command, defaults: FileDefaults): void {
  addCommand(program, 'query', 'Lists resources and how they are connected; all conditions given must hold')
    .option('--db <path>', 'the resource database', defaults.db)
    .option('--ven <name>', 'of this VEN')
    .addOption(new Option('--type <type>', `of this type: ${RESOURCE_TYPES.join(' or ')}`).choices(RESOURCE_TYPES))
    .option('--sub-type <name>', 'of this sub-type, such as "Charging Stations"')
    .option('--meter-point <gsrn>', 'with this meter point')
    .option('--resource <id>', 'with this resource id')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 20)
    .option('--offset <n>', 'leave out the first N', wholeNumber(0), 0)
    .option('--json', 'print the result as one line of JSON')
    .action(run);
}

function run({ db: path, json, limit, offset, ven, type, subType, meterPoint, resource }: Options): void {
  const db = openResourceDb(path, 'readonly');
  try {
    const filter = { ven, type, subType, meterPointId: meterPoint, resourceId: resource };
    const total = db.resources.count(filter);
    const connection = (id: number | null) => (id === null ? undefined : db.connections.get(id));
    const found = db.resources.list(filter, { limit, offset }).map((r) => ({
      resource: r,
      reader: connection(r.readerConnectionId),
      writer: connection(r.writerConnectionId),
    }));
    const result = { total, limit, offset, resources: found.map(toJson) };
    printResult(json, result, () => describe(found, total, offset));
  } finally {
    db.close();
  }
}

/** Plain numbers with their units in their names, times as ISO 8601, connections in place of their ids. */
function toJson({ resource, reader, writer }: Found) {
  const {
    pMin,
    pMax,
    eMin,
    eMax,
    position,
    readInterval,
    createdAt,
    updatedAt,
    readerConnectionId,
    writerConnectionId,
    ...plain
  } = resource;
  return {
    ...plain,
    pMinKw: toKilowatts(pMin),
    pMaxKw: toKilowatts(pMax),
    eMinKwh: toKilowattHours(eMin),
    eMaxKwh: toKilowattHours(eMax),
    ...position,
    readIntervalMs: readInterval,
    reader: reader ? connectionToJson(reader) : null,
    writer: writer ? connectionToJson(writer) : null,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}

function connectionToJson({ createdAt, updatedAt, ...connection }: Connection) {
  return { ...connection, createdAt: new Date(createdAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() };
}

function describe(found: readonly Found[], total: number, offset: number): string {
  if (found.length === 0) return total === 0 ? 'no resource' : `no further resource; there are ${grouped(total)}`;
  const rows = found.map(({ resource, reader }) => [
    resource.resourceId,
    resource.name,
    resource.subType,
    resource.ven,
    resource.meterPointId,
    grouped(toKilowatts(resource.pMax)),
    reader === undefined ? 'none' : `${reader.profile} ${placeOf(reader)}`,
    resource.enabled ? '' : 'disabled',
  ]);
  const header = ['RESOURCE ID', 'NAME', 'SUB-TYPE', 'VEN', 'METER POINT', 'P_MAX KW', 'METER', ''];
  const range = `${grouped(offset + 1)} to ${grouped(offset + found.length)} of ${grouped(total)}`;
  return `${formatTable(rows, header)}\n${range}`;
}
