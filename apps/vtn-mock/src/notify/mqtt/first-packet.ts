import type { Socket } from 'node:net';
import type { Duration } from '@venfleet/core';

/** Room for a user name and a token, which has 4096 bytes at most. */
const LONGEST_CONNECT = 16 * 1024;

/**
 * Calls back when it is known that the first packet is no longer than a CONNECT has to be, with nothing taken out: the
 * parser would collect up to 256 MB for it before anybody has logged in.
 */
export function afterShortHeader(socket: Socket, timeout: Duration, accept: () => void): void {
  const cutOff = () => socket.destroy();
  socket.setTimeout(timeout, cutOff);
  socket.on('error', cutOff);
  let begun: Buffer = Buffer.alloc(0);
  const look = (chunk: Buffer) => {
    begun = Buffer.concat([begun, chunk]);
    const length = remainingLength(begun);
    if (length === undefined) return;
    socket.off('data', look);
    socket.pause();
    if (length > LONGEST_CONNECT) {
      cutOff();
      return;
    }
    socket.setTimeout(0);
    socket.off('timeout', cutOff);
    socket.unshift(begun);
    accept();
  };
  socket.on('data', look);
}

/** MQTT 3.1.1 section 2.2.3: seven bits a byte, four bytes at most. Infinite where it is none; undefined when cut short. */
function remainingLength(packet: Buffer): number | undefined {
  let length = 0;
  for (let i = 1; i <= 4; i++) {
    const byte = packet[i];
    if (byte === undefined) return undefined;
    length += (byte & 127) * 128 ** (i - 1);
    if (byte < 128) return length;
  }
  return Number.POSITIVE_INFINITY;
}
