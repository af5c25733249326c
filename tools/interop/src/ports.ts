import { createServer } from 'node:net';
import { failed } from './steps.js';

/** A port of 127.0.0.1 that was free a moment ago; `wanted` itself, or it fails. */
export function freePort(wanted = 0): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? done(address.port) : fail(failed('no port'))));
    });
  });
}

export const isFree = (port: number): Promise<boolean> =>
  freePort(port).then(
    () => true,
    () => false,
  );

/** The first of so many free ports in a row, below those that the system gives to clients. */
export async function freeRow(length: number): Promise<number> {
  for (let first = 10_000 + (process.pid % 40) * 200; first + length < 32_768; first += length) {
    const free = await Promise.all(Array.from({ length }, (_, n) => isFree(first + n)));
    if (free.every(Boolean)) return first;
  }
  throw failed(`there are no ${length} free ports in a row`);
}
