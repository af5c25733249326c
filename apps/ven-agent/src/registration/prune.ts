import { isVenfleetError } from '@venfleet/core';
import { isConflict, isNotFound } from '@venfleet/openadr';
import type { FleetConnection } from '../vtn.js';
import { Access } from './access.js';
import type { Failure, Registry } from './registry.js';

/**
 * Deletes VENs, with their resources, that this agent once registered at the VTN and that are no longer
 * in the database. VENs that it never registered are not its own and are left alone.
 * @param dryRun only find out which
 * @returns the names of those deleted
 */
export async function pruneVens(
  connection: FleetConnection,
  registry: Registry,
  vtn: number,
  wanted: ReadonlySet<string>,
  dryRun: boolean,
): Promise<{ deleted: string[]; failures: Failure[] }> {
  const failures: Failure[] = [];
  const deleted: string[] = [];
  for (const { name, venId } of registry.vens(vtn)) {
    if (wanted.has(name)) continue;
    try {
      if (!dryRun) {
        await deleteVen(accessFor(connection, name), venId);
        registry.forgetVen(vtn, name);
      }
      deleted.push(name);
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
      // openleadr-rs 0.1 keeps a VEN while there are reports of it.
      const why = isConflict(error) ? 'the VTN still has something of it, perhaps reports, which its operator may delete: ' : '';
      const failure = { ven: name, code: error.code, message: `cannot delete: ${why}${error.message}` };
      registry.rememberFailures(vtn, name, [failure]);
      failures.push(failure);
    }
  }
  return { deleted, failures };
}

/** A VEN that is gone may have no credentials any more: then business logic acts for it. */
function accessFor(connection: FleetConnection, name: string): Access {
  try {
    return new Access(connection.forVen(name).client, connection.business);
  } catch (error) {
    if (!isVenfleetError(error, 'NO_CREDENTIALS') || connection.business === undefined) throw error;
    return new Access(connection.business, undefined);
  }
}

async function deleteVen(access: Access, venId: string): Promise<void> {
  const unlessGone = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };
  await unlessGone(async () => {
    for (const resource of await access.perform('read', (client) => client.listResources(venId))) {
      await unlessGone(() => access.perform('write resources', (client) => client.deleteResource(resource)));
    }
  });
  await unlessGone(() => access.perform('write VEN', (client) => client.deleteVen(venId)));
}
