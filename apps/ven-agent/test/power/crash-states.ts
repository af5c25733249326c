import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Random, uniformInt } from '@venfleet/core';

/** One thing that a program did to a file. */
export interface Operation {
  readonly kind: 'write' | 'truncate' | 'sync' | 'unlink';
  /** Its name, without the folder. */
  readonly file: string;
  /** Of a write; the new length of a truncation. Undefined: at the end. */
  readonly at: number | undefined;
  readonly data: Buffer;
}

const KINDS: Record<string, Operation['kind']> = { W: 'write', T: 'truncate', S: 'sync', U: 'unlink' };
const HEAD = 15;
/** What a disk writes whole or not at all. */
const SECTOR = 512;

/** Compiles the recorder. @returns its path, or why there is none */
export function buildRecorder(folder: string): { readonly preload?: string; readonly reason?: string } {
  const preload = join(folder, 'record-writes.so');
  const source = join(import.meta.dirname, 'record-writes.c');
  const { status, error } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', preload, source, '-ldl']);
  if (process.platform !== 'linux') return { reason: 'files are recorded on Linux only' };
  return status === 0 ? { preload } : { reason: `needs a C compiler (${error?.message ?? `status ${status}`})` };
}

/** What record-writes.c wrote down; a last record that was cut off by a kill is left out. */
export function readOperations(path: string): Operation[] {
  const log = readFileSync(path);
  const operations: Operation[] = [];
  for (let offset = 0; offset + HEAD <= log.length; ) {
    const pathLength = log.readUInt16LE(offset + 1);
    const at = log.readBigUInt64LE(offset + 3);
    const dataLength = log.readUInt32LE(offset + 11);
    const data = offset + HEAD + pathLength;
    if (data + dataLength > log.length) break;
    const kind = KINDS[String.fromCharCode(log[offset] as number)];
    if (kind === undefined) throw new Error(`the record at ${offset} makes no sense`);
    operations.push({
      kind,
      file: basename(log.toString('utf8', offset + HEAD, data)),
      at: at === 0xffff_ffff_ffff_ffffn ? undefined : Number(at),
      data: log.subarray(data, data + dataLength),
    });
    offset = data + dataLength;
  }
  return operations;
}

/** The content of a file, changed in place. */
class Content {
  #bytes = Buffer.alloc(65_536);
  #length = 0;

  apply({ kind, at, data }: Operation): void {
    if (kind === 'truncate') {
      const length = at ?? 0;
      this.#grow(length);
      if (length < this.#length) this.#bytes.fill(0, length, this.#length);
      this.#length = length;
      return;
    }
    const start = at ?? this.#length;
    this.#grow(start + data.length);
    data.copy(this.#bytes, start);
    this.#length = Math.max(this.#length, start + data.length);
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): void {
    if (length <= this.#bytes.length) return;
    const bytes = Buffer.alloc(2 * length);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}

/** A file as the disk has it, and what was done to it that the disk may not have yet. */
interface File {
  readonly durable: Content;
  pending: Operation[];
}

/**
 * Makes in `folder` what a power cut after the first `count` operations may leave: of each file what was synced, and of
 * what was done since then any part, torn at sectors. The index of a write-ahead log (-shm) is memory, and gone.
 */
export function powerCut(operations: readonly Operation[], count: number, folder: string, random: Random): void {
  const files = new Map<string, File>();
  for (const operation of operations.slice(0, count)) {
    if (operation.kind === 'unlink') files.delete(operation.file);
    else note(files, operation);
  }
  mkdirSync(folder);
  for (const [name, { durable, pending }] of files) {
    if (name.endsWith('-shm')) continue;
    for (const operation of pending) for (const part of torn(operation, random)) durable.apply(part);
    writeFileSync(join(folder, name), durable.bytes);
  }
}

function note(files: Map<string, File>, operation: Operation): void {
  const file = files.get(operation.file) ?? { durable: new Content(), pending: [] };
  files.set(operation.file, file);
  if (operation.kind !== 'sync') file.pending.push(operation);
  else {
    for (const done of file.pending) file.durable.apply(done);
    file.pending = [];
  }
}

/** What the disk has of an operation that was not synced. */
function torn(operation: Operation, random: Random): Operation[] {
  const chance = uniformInt(random, 0, 3);
  if (chance === 0) return [];
  if (chance > 1 || operation.kind !== 'write' || operation.at === undefined) return [operation];
  const sectors = Math.ceil(operation.data.length / SECTOR);
  const { at, data } = operation;
  return Array.from({ length: sectors }, (_, i) => i)
    .filter(() => uniformInt(random, 0, 1) === 1)
    .map((i) => ({ ...operation, at: at + i * SECTOR, data: data.subarray(i * SECTOR, (i + 1) * SECTOR) }));
}
