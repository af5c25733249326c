import { createReadStream, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { systemCode } from '@venfleet/core';

const CHUNK = 64 * 1024;

/** The bytes of a file, from its beginning. Methods throw the system's errors. */
export interface ByteSource {
  /** @returns undefined where there are none now. */
  read(): Promise<Buffer | undefined>;
  /** Whether the file ends here for good. */
  readonly isWhole: boolean;
  /** Whether what stands at the path now is another file, or this one cut short and begun anew. */
  isReplaced(): Promise<boolean>;
  close(): Promise<void>;
}

/** A file whose name ends in .gz is unpacked on the way, and read once: it cannot grow. */
export function openBytes(file: string): Promise<ByteSource> | ByteSource {
  return file.endsWith('.gz') ? unpacked(file) : GrowingFile.open(file);
}

class GrowingFile implements ByteSource {
  readonly isWhole = false;
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #identity: Pick<Stats, 'dev' | 'ino'>;
  #offset = 0;

  private constructor(file: string, handle: FileHandle, identity: Stats) {
    this.#file = file;
    this.#handle = handle;
    this.#identity = identity;
  }

  static async open(file: string): Promise<GrowingFile> {
    const handle = await open(file);
    try {
      return new GrowingFile(file, handle, await handle.stat());
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(): Promise<Buffer | undefined> {
    const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, this.#offset);
    this.#offset += bytesRead;
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  }

  async isReplaced(): Promise<boolean> {
    try {
      const { dev, ino, size } = await stat(this.#file);
      return dev !== this.#identity.dev || ino !== this.#identity.ino || size < this.#offset;
    } catch (error) {
      // Moved away, and the next one is not there yet.
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function unpacked(file: string): ByteSource {
  const packed = createReadStream(file);
  // What fails is thrown by the iterator.
  const chunks = pipeline(packed, createGunzip(), () => {})[Symbol.asyncIterator]();
  return {
    isWhole: true,
    async read() {
      const { done, value } = await chunks.next();
      return done ? undefined : (value as Buffer);
    },
    isReplaced: async () => false,
    async close() {
      await chunks.return?.();
      packed.destroy();
    },
  };
}
