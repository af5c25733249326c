import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isVenfleetError, VenfleetError } from '@venfleet/core';
import { fileProblem, loadConfigFile } from '@venfleet/core/node';
import { ProfileCatalog } from '../profile/catalog.js';
import { profileSchema } from '../profile/parse-profile.js';
import type { DeviceProfile } from '../profile/types.js';

const HINT = 'docs/add-a-device.md describes the profile format';

/**
 * Reads one device profile.
 * @throws VenfleetError FILE_UNREADABLE, or CONFIG_INVALID with every mistake as `FILE:LINE: path: reason`.
 */
export function loadProfile(path: string): DeviceProfile {
  return loadConfigFile(path, profileSchema(), HINT);
}

/**
 * Reads every `*.yaml` and `*.yml` of a directory.
 * @throws VenfleetError FILE_UNREADABLE for the directory, or PROFILES_INVALID with every mistake of every
 *   file, an id that two files of one kind share included.
 */
export function loadProfiles(directory: string): ProfileCatalog {
  const owners = new Map<string, string>();
  const profiles: DeviceProfile[] = [];
  const details: string[] = [];
  for (const name of profileFiles(directory)) {
    try {
      profiles.push(loadConfigFile(join(directory, name), uniqueIn(owners, name), HINT));
    } catch (error) {
      if (!isVenfleetError(error, 'CONFIG_INVALID', 'FILE_UNREADABLE')) throw error;
      details.push(...(error.details.length > 0 ? error.details : [error.message]));
    }
  }
  if (details.length > 0) {
    throw new VenfleetError('PROFILES_INVALID', `the device profiles in ${directory} cannot be used`, {
      context: { path: directory },
      details,
      hint: HINT,
    });
  }
  return new ProfileCatalog(profiles);
}

/** One id may stand for the same device over Modbus and over MQTT, but not twice over either. */
function uniqueIn(owners: Map<string, string>, name: string) {
  return profileSchema((profile) => {
    const key = `${profile.kind} ${profile.id}`;
    const owner = owners.get(key);
    if (owner !== undefined)
      return [{ path: ['id'], reason: `${profile.id} is already the ${profile.kind} profile in ${owner}` }];
    owners.set(key, basename(name));
    return [];
  });
}

function profileFiles(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => /\.ya?ml$/.test(name));
    if (names.length > 0) return names.sort();
  } catch (cause) {
    throw new VenfleetError('FILE_UNREADABLE', `cannot read the device profiles in ${directory}: ${fileProblem(cause)}`, {
      cause,
      context: { path: directory },
    });
  }
  throw new VenfleetError('PROFILES_INVALID', `there are no device profiles (*.yaml) in ${directory}`, {
    context: { path: directory },
    hint: HINT,
  });
}
