import type { Clock, Logger } from '@venfleet/core';
import type { TlsIdentity } from '@venfleet/core/node';
import { OPEN } from '../../auth/authorize.js';
import { type Caller, mayUse } from '../../auth/caller.js';
import type { TokenAuthority } from '../../auth/tokens.js';
import type { Store } from '../../store/store.js';
import type { Vens } from '../../store/vens.js';
import { type BrokerGate, EmbeddedBroker } from './embedded-broker.js';
import { ExternalBroker } from './external-broker.js';
import type { MqttLink } from './link.js';
import { ownerOf } from './topics.js';

/** The broker of a VTN: one in its own process, or another that it publishes on. */
export type MqttOptions =
  | {
      /** 0 takes a free one. */
      readonly port: number;
    }
  | {
      /** `mqtt://` or `mqtts://`, as clients reach it, too. */
      readonly url: string;
      readonly username?: string | undefined;
      readonly password?: string | undefined;
      /** How clients log in there; by token unless it says otherwise. */
      readonly clients?: 'anonymous' | 'token' | undefined;
    };

export interface LinkPorts {
  readonly host: string;
  /** Of the VTN, and so of its own broker. */
  readonly tls: TlsIdentity | undefined;
  readonly auth: boolean;
  readonly tokens: TokenAuthority;
  readonly store: Store;
  readonly vens: Vens;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function openLink(options: MqttOptions, { host, tls, auth, tokens, store, vens, clock, logger }: LinkPorts): MqttLink {
  if ('url' in options) return new ExternalBroker({ clients: auth ? 'token' : 'anonymous', ...options, logger });
  const gate: BrokerGate = {
    asksForTokens: auth,
    admit: (token) => tokens.admit(token),
    mayHear: (caller, filter) =>
      auth ? mayHear(caller, filter, (venId) => store.read(() => vens.byId(venId))?.clientId) : ownerOf(filter) !== undefined,
  };
  return new EmbeddedBroker({ host, port: options.port, tls, gate, anybody: OPEN, clock, logger });
}

/** As over HTTP: collections are business logic's, a ven's topics are its own client's, too. */
function mayHear(caller: Caller, filter: string, clientOf: (venId: string) => string | undefined): boolean {
  const owner = ownerOf(filter);
  if (owner === undefined) return false;
  if (owner === 'all') return caller.role === 'BL' && mayUse(caller, 'read_all');
  return mayUse(caller, 'read_ven_objects') && (caller.role === 'BL' || clientOf(owner.venId) === caller.clientId);
}
