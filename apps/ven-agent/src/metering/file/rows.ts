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

/** A file of meter values, read from its beginning and followed as it grows. */
export interface RowFile {
  /**
   * One call at a time.
   * @returns the next row; undefined where there is none now: ask again later.
   * @throws VenfleetError METER_FILE_UNREADABLE or METER_FILE_INVALID, naming file, line and reason. The first is tried
   *   again by each call, the second stands until another file takes the place of this one.
   */
  next(): Promise<FileRow | undefined>;
  close(): Promise<void>;
}

/** Opens nothing yet. */
export type OpenRows = (file: string) => RowFile;
