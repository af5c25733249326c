import type { ConnectionRepository } from './connections.js';
import { connectionMistakes, resourceMistakes } from './mistakes.js';
import { ACTORS, type Connection, type Resource } from './model.js';
import type { ResourceRepository } from './resources.js';

/** Something that is wrong in the database. */
export interface Finding {
  /** What it is about: `resource ID`, `connection ID`, `gateway HOST:PORT` or `database`. */
  readonly subject: string;
  readonly problem: string;
}

/** Modbus unit ids that can be addressed (Modbus over Serial Line 2.2): what one gateway can serve. */
const LARGEST_UNIT_COUNT = 247;

/** Holds all rows against the rules that SQL constraints alone do not express. */
export function checkDomain(resources: ResourceRepository, connections: ConnectionRepository): Finding[] {
  const allResources = resources.list();
  const allConnections = connections.list();
  return [
    ...allResources.flatMap((resource) =>
      resourceMistakes(resource).map(({ field, reason }) => ({
        subject: `resource ${resource.resourceId}`,
        problem: `${field} ${reason}`,
      })),
    ),
    ...allConnections.flatMap((connection) =>
      connectionMistakes(connection).map(({ field, reason }) => ({
        subject: `connection ${connection.id}`,
        problem: `${field} ${reason}`,
      })),
    ),
    ...referenceFindings(allResources, new Map(allConnections.map((c) => [c.id, c]))),
    ...unusedFindings(allResources, allConnections),
    ...modbusFindings(allResources, allConnections),
  ];
}

/** Resources without a meter, and connections used the wrong way round. */
function referenceFindings(resources: readonly Resource[], connections: ReadonlyMap<number, Connection>): Finding[] {
  const findings: Finding[] = [];
  for (const resource of resources) {
    const subject = `resource ${resource.resourceId}`;
    if (resource.readerConnectionId === null) findings.push({ subject, problem: 'has no connection to a meter' });
    const ids = { READER: resource.readerConnectionId, WRITER: resource.writerConnectionId };
    for (const actor of ACTORS) {
      const id = ids[actor];
      if (id === null) continue;
      // One that is not there is SQLite's own finding (foreign_key_check).
      const found = connections.get(id);
      if (found !== undefined && found.actor !== actor) {
        findings.push({ subject, problem: `uses connection ${id} as ${actor}, but it is a ${found.actor}` });
      }
    }
  }
  return findings;
}

function unusedFindings(resources: readonly Resource[], connections: readonly Connection[]): Finding[] {
  const used = new Set(resources.flatMap((r) => [r.readerConnectionId, r.writerConnectionId]));
  return connections
    .filter(({ id }) => !used.has(id))
    .map(({ id }) => ({ subject: `connection ${id}`, problem: 'is used by no resource' }));
}

/** Units that two sites claim, and gateways with more units than they can have. */
function modbusFindings(resources: readonly Resource[], connections: readonly Connection[]): Finding[] {
  const owners = new Map<number, Resource[]>();
  for (const resource of resources) {
    for (const id of new Set([resource.readerConnectionId, resource.writerConnectionId])) {
      if (id !== null) owners.set(id, [...(owners.get(id) ?? []), resource]);
    }
  }
  const gateways = new Map<string, Map<number, Set<string>>>();
  for (const connection of connections) {
    if (connection.type !== 'MODBUSTCP') continue;
    const gateway = `${connection.host}:${connection.port}`;
    const units = gateways.get(gateway) ?? new Map<number, Set<string>>();
    gateways.set(gateway, units);
    const users = units.get(connection.unitId) ?? new Set<string>();
    units.set(connection.unitId, users);
    for (const owner of owners.get(connection.id) ?? []) users.add(owner.resourceId);
  }
  const findings: Finding[] = [];
  for (const [gateway, units] of gateways) {
    const subject = `gateway ${gateway}`;
    if (units.size > LARGEST_UNIT_COUNT) findings.push({ subject, problem: `has ${units.size} units; 247 is the most` });
    for (const [unitId, users] of units) {
      // A site's meter and its control may be one device; two sites' may not.
      if (users.size > 1) findings.push({ subject, problem: `unit ${unitId} is claimed by resources ${[...users].join(', ')}` });
    }
  }
  return findings;
}
