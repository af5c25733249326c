import { VenfleetError } from '@venfleet/core';
import { fileProblem } from '@venfleet/core/node';
import { CsvText } from '../file/csv-text.js';
import type { FileRow, OpenRows, RowFile } from '../file/rows.js';
import { type ByteSource, openBytes } from './byte-source.js';

/**
 * Rows of a CSV file with the columns timestamp (ISO 8601 with a zone), resource_id or meter_point_id, and any
 * of power_w, energy_import_wh, energy_export_wh; others are not looked at. Times must not run backwards. A row counts
 * once its line is ended. Where another file takes its place (it is rotated, or cut short) that one is read from its
 * beginning, after the rest of the old one. A name that ends in .gz is unpacked on the way, and read once.
 */
export const openCsvRows: OpenRows = (file) => new CsvFile(file);

class CsvFile implements RowFile {
  readonly #file: string;
  #source: ByteSource | undefined;
  #text: CsvText;
  #rows: Iterator<FileRow> = [].values();

  constructor(file: string) {
    this.#file = file;
    this.#text = new CsvText(file);
  }

  async next(): Promise<FileRow | undefined> {
    for (;;) {
      const { done, value } = this.#rows.next();
      if (!done) return value;
      const rows = await this.#readOn();
      if (rows === undefined) break;
      this.#rows = rows.values();
    }
    if (this.#text.mistake !== undefined) throw this.#text.mistake;
    return undefined;
  }

  async close(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    await source?.close();
  }

  /** @returns undefined where nothing more is to be had now */
  async #readOn(): Promise<FileRow[] | undefined> {
    try {
      this.#source ??= await openBytes(this.#file);
      const bytes = this.#text.mistake === undefined ? await this.#source.read() : undefined;
      if (bytes !== undefined) return this.#text.add(bytes);
      const last = this.#source.isWhole ? this.#text.end() : [];
      if (last.length > 0) return last;
      if (!(await this.#source.isReplaced())) return undefined;
      await this.#beginAgain();
      return [];
    } catch (cause) {
      await this.#beginAgain();
      throw new VenfleetError('METER_FILE_UNREADABLE', `cannot read ${this.#file}: ${fileProblem(cause)}`, {
        cause,
        context: { file: this.#file },
      });
    }
  }

  async #beginAgain(): Promise<void> {
    await this.close().catch(() => {});
    this.#text = new CsvText(this.#file);
  }
}
