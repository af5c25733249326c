import type { Instant } from '@venfleet/core';

/** One line of a file of meter values. */
export interface FileRow {
  readonly at: Instant;
  /** The resource's id or its meter point's. */
  readonly meter: string;
  readonly powerW: number | undefined;
  readonly energyImportWh: number | undefined;
  readonly energyExportWh: number | undefined;
}

/**
 * Reads the rows of a file from its beginning, in order.
 * @throws VenfleetError METER_FILE_UNREADABLE or METER_FILE_INVALID, naming file, line and reason
 */
export type OpenRows = (file: string) => AsyncIterable<FileRow>;
