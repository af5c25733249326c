import type { Client } from '@venfleet/openadr';
import type { ClientRegistry } from './auth/clients.js';

/**
 * What openleadr-client's own tests need of a VTN. `admin`: a client admin with the secret admin, which may do all that
 * business logic may. `reset`: each token of it empties the store, as each of these tests begins with one.
 */
export const QUIRKS = ['admin', 'reset'] as const;
export type Quirk = (typeof QUIRKS)[number];

const ADMIN: Client = { clientId: 'admin', clientSecret: 'admin', role: 'BL' };

/** @param onAdmin does what is to be done before the admin is let in */
export function withAdmin(clients: ClientRegistry, onAdmin: () => void): ClientRegistry {
  return {
    ...clients,
    authenticate(clientId, secret) {
      if (clientId !== ADMIN.clientId || secret !== ADMIN.clientSecret) return clients.authenticate(clientId, secret);
      onAdmin();
      return ADMIN;
    },
  };
}
