import { createHash, timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { describeError, type Logger } from '@venfleet/core';
import { type Client, loadCredentials } from '@venfleet/openadr';

/** The OAuth2 clients that may have a token. */
export interface ClientRegistry {
  /** The client of that id when the secret is its secret, else undefined; takes the same time either way. */
  authenticate(clientId: string, secret: string): Client | undefined;
  /** The client that acts for the VEN of that name, if it is known. */
  clientIdOfVen(venName: string): string | undefined;
}

/** A fixed list of clients. */
export function clientList(clients: readonly Client[]): ClientRegistry {
  const byId = new Map(clients.map((client) => [client.clientId, client]));
  const byVen = new Map(
    clients.flatMap(({ venName, clientId }) => (venName === undefined ? [] : [[venName, clientId] as const])),
  );
  return {
    authenticate(clientId, secret) {
      const client = byId.get(clientId);
      const same = timingSafeEqual(digest(secret), digest(client?.clientSecret ?? ''));
      return same && client !== undefined ? client : undefined;
    },
    clientIdOfVen: (venName) => byVen.get(venName),
  };
}

/** Equal lengths for timingSafeEqual; a secret is random, so that a plain hash is enough. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * The clients of a credentials file. A file that changed is read again when a client is not known or its
 * secret is wrong, so that clients added while the VTN runs work at once.
 * @throws VenfleetError as loadCredentials, when it cannot be read now. Later mistakes in it are logged
 *   and the clients known before stay.
 */
export function clientFile(path: string, logger: Logger): ClientRegistry {
  let version = fileVersion(path);
  let registry = clientList(loadCredentials(path).clients);
  const reloaded = (): boolean => {
    const now = fileVersion(path);
    if (now === version) return false;
    version = now;
    try {
      registry = clientList(loadCredentials(path).clients);
      logger.info({ path }, 'credentials file read again');
      return true;
    } catch (error) {
      logger.warn({ path, error: describeError(error) }, 'credentials file changed, but cannot be used');
      return false;
    }
  };
  return {
    authenticate: (clientId, secret) =>
      registry.authenticate(clientId, secret) ?? (reloaded() ? registry.authenticate(clientId, secret) : undefined),
    clientIdOfVen: (venName) => registry.clientIdOfVen(venName) ?? (reloaded() ? registry.clientIdOfVen(venName) : undefined),
  };
}

/** Changes with every rewrite of the file: each one is a new inode. */
function fileVersion(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
}
