import { join } from 'node:path';
import { loadConfigFile } from '@venfleet/core/node';
import { z } from 'zod';
import { MANIFEST } from './set.js';

const manifestSchema = z.strictObject({
  version: z.literal(1),
  program: z.string().min(1),
  takenAt: z.iso.datetime(),
  databases: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[\w-]+\.db$/, 'must be the name of a file in this folder'),
        schemaVersion: z.int().min(1),
        bytes: z.int().min(0),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
  /** Databases that the program did not have yet. */
  absent: z.array(z.string()),
});

/** What a backup holds. */
export type BackupManifest = z.infer<typeof manifestSchema>;
export type BackupEntry = BackupManifest['databases'][number];

/** @throws VenfleetError FILE_UNREADABLE, CONFIG_INVALID */
export function readManifest(folder: string): BackupManifest {
  return loadConfigFile(join(folder, MANIFEST), manifestSchema, 'name the folder that the command backup has written');
}
