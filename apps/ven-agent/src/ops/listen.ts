import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { describeError, systemCode, VenfleetError } from '@venfleet/core';

export interface Place {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What to do where the port is taken. */
  readonly hint: string;
}

/** Has a server listen. @returns its address as URLs have it, `127.0.0.1:9464`. @throws VenfleetError PORT_TAKEN or LISTEN_FAILED */
export async function listen(server: Server, { host, port, hint }: Place): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, { host, port, hint })));
    server.listen(port, host, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  return `${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}

/** Has an HTTP server listen no more, and ends the connections that it has. */
export async function close(server: Pick<HttpServer, 'close' | 'closeAllConnections'>): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function listenError(cause: unknown, { host, port, hint }: Place): VenfleetError {
  if (systemCode(cause) === 'EADDRINUSE') {
    return new VenfleetError('PORT_TAKEN', `port ${port} of ${host} is taken`, { cause, context: { host, port }, hint });
  }
  return new VenfleetError('LISTEN_FAILED', `cannot listen on ${host}:${port}: ${describeError(cause)}`, {
    cause,
    context: { host, port },
  });
}
