import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { VenfleetError } from '@venfleet/core';
import { fileProblem, makeFolder } from '@venfleet/core/node';
import type { HistoryFormat } from './formats.js';
import { type HistoryResource, type HistorySpan, historyRows } from './rows.js';

export interface HistoryOptions extends HistorySpan {
  /** Made when missing. */
  readonly out: string;
  readonly format: HistoryFormat;
  readonly gzip: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called every few thousand rows, and at the end of each file. */
  readonly onProgress?: (rows: number, ven: string) => void;
}

export interface HistoryResult {
  readonly files: readonly string[];
  readonly rows: number;
}

/** A piece of text that goes to the file at once. */
const CHUNK_CHARACTERS = 65_536;

/**
 * Writes what each meter would have shown, one file a VEN, as a stream: memory holds one VEN's sites. A
 * file gets its name when it is whole.
 * @throws VenfleetError FILE_EXISTS before anything is written; FILE_UNWRITABLE; the signal's reason
 */
export async function writeHistory(
  vens: ReadonlyMap<string, readonly HistoryResource[]>,
  options: HistoryOptions,
): Promise<HistoryResult> {
  const { out, format, gzip } = options;
  const files = new Map(
    [...vens.keys()].map((ven) => [ven, join(out, `${fileName(ven)}.${format.extension}${gzip ? '.gz' : ''}`)]),
  );
  const there = [...files.values()].filter((file) => existsSync(file));
  if (there.length > 0) {
    throw new VenfleetError('FILE_EXISTS', `${there.length} of the files are there already`, {
      details: there.slice(0, 10),
      hint: 'name another folder with --out, or move the old files away',
    });
  }
  try {
    makeFolder(out);
  } catch (cause) {
    throw unwritable(out, cause);
  }
  let rows = 0;
  for (const [ven, resources] of vens) {
    rows = await writeFile(files.get(ven) as string, ven, resources, options, rows);
  }
  return { files: [...files.values()], rows };
}

async function writeFile(
  file: string,
  ven: string,
  resources: readonly HistoryResource[],
  { format, gzip, signal, onProgress, ...span }: HistoryOptions,
  before: number,
): Promise<number> {
  let rows = before;
  function* chunks(): Generator<string> {
    let text = format.header;
    for (const row of historyRows(resources, span)) {
      text += format.line(row);
      rows++;
      if (text.length < CHUNK_CHARACTERS) continue;
      yield text;
      text = '';
      onProgress?.(rows, ven);
    }
    yield text;
  }
  const part = `${file}.part`;
  try {
    const source = Readable.from(chunks(), { objectMode: true, highWaterMark: 1 });
    const target = createWriteStream(part);
    if (gzip) await pipeline(source, createGzip({ level: 6 }), target, { signal });
    else await pipeline(source, target, { signal });
    renameSync(part, file);
  } catch (cause) {
    rmSync(part, { force: true });
    signal?.throwIfAborted();
    throw unwritable(file, cause);
  }
  onProgress?.(rows, ven);
  return rows;
}

function unwritable(path: string, cause: unknown): VenfleetError {
  return new VenfleetError('FILE_UNWRITABLE', `cannot write ${path}: ${fileProblem(cause)}`, { cause, context: { path } });
}

/** A VEN's name as a file's: what file systems or shells take amiss becomes an underscore. */
function fileName(ven: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a file's name
  return ven.replace(/[\u0000-\u001f/\\:*?"<>|]/g, '_').replace(/^\.+/, '_');
}
