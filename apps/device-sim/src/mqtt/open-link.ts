import { X509Certificate } from 'node:crypto';
import { type HasNow, type HasSleep, type Logger, type Random, VenfleetError } from '@venfleet/core';
import { readTextFile, resolveSecret, type TlsIdentity } from '@venfleet/core/node';
import { expandTopic, type MqttProfile } from '@venfleet/devices';
import { BrokerUsers } from './broker-users.js';
import { EmbeddedBroker } from './embedded-broker.js';
import type { MqttLink } from './link.js';

/** Where a device is expected, and as whom its broker knows it. */
export interface LinkClient {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly username: string | null;
  readonly secretRef: string | null;
  readonly profile: MqttProfile;
}

export interface LinkOptions {
  /** An external broker; the embedded one unless given. */
  readonly broker?: ExternalBrokerAccess | undefined;
  /** Paths of the embedded broker's certificate and key, PEM. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** The address to listen on in place of that in the database. */
  readonly host?: string | undefined;
  readonly clock: HasNow & HasSleep;
  readonly random: Random;
  readonly logger: Logger;
}

export interface ExternalBrokerAccess {
  readonly url: string;
  readonly username?: string | undefined;
  /** `env:NAME` or `file:PATH`. */
  readonly secretRef?: string | undefined;
  /** Path of a PEM file. */
  readonly caFile?: string | undefined;
}

/**
 * The way to the broker: an external one where one is named, else our own on every address that the
 * database's connections name. As soon as one of these names a user, our own asks for a login, and a
 * user may publish only below the topics of its own devices.
 * @throws VenfleetError of resolveSecret and readCertificates
 */
export async function openLink(
  clients: readonly LinkClient[],
  { broker, tls, host, clock, random, logger }: LinkOptions,
): Promise<MqttLink> {
  if (broker !== undefined) {
    const { url, username, secretRef, caFile } = broker;
    const password = secretRef === undefined ? undefined : resolveSecret(secretRef);
    const ca = caFile === undefined ? undefined : readCertificates(caFile);
    // The client's library is loaded by those alone who need it: it is big.
    const { ExternalBroker } = await import('./external-broker.js');
    return new ExternalBroker({ url, username, password, ca, random, logger });
  }
  const addresses = new Map(clients.map((c) => [`${host ?? c.host}:${c.port}`, { host: host ?? c.host, port: c.port }]));
  const identity = tls && identityOf(tls);
  const users = usersOf(clients);
  return new EmbeddedBroker({ addresses: [...addresses.values()], tls: identity, users, clock, random, logger });
}

/** @throws VenfleetError FILE_UNREADABLE */
const identityOf = ({ certFile, keyFile }: NonNullable<LinkOptions['tls']>): TlsIdentity => ({
  cert: readTextFile(certFile, 'the certificate of the broker'),
  key: readTextFile(keyFile, 'the key of the broker'),
});

/** @throws VenfleetError FILE_UNREADABLE, BROKER_CA_INVALID: Node would take any file and trust nobody. */
function readCertificates(path: string): string {
  const text = readTextFile(path, 'the certificate authority');
  try {
    new X509Certificate(text);
    return text;
  } catch (cause) {
    throw new VenfleetError('BROKER_CA_INVALID', `${path} holds no certificate`, {
      cause,
      context: { path },
      hint: 'it begins with -----BEGIN CERTIFICATE----- (PEM)',
    });
  }
}

function usersOf(clients: readonly LinkClient[]): BrokerUsers | undefined {
  const users = new Map<string, { secretRef: string; prefixes: Set<string> }>();
  for (const { username, secretRef, topic, profile } of clients) {
    if (username === null) continue;
    const user = users.get(username) ?? { secretRef: secretRef ?? '', prefixes: new Set<string>() };
    if (secretRef === null || secretRef !== user.secretRef) {
      throw new VenfleetError('BROKER_USER_INVALID', `the MQTT connections of user ${username} name no password, or several`, {
        context: { username, topic },
        hint: 'give all of its connections in the resource database the same secret reference (env:NAME or file:PATH)',
      });
    }
    for (const prefix of ownPrefixes(profile, topic)) user.prefixes.add(prefix);
    users.set(username, user);
  }
  if (users.size === 0) return undefined;
  return new BrokerUsers(
    [...users].map(([name, { secretRef, prefixes }]) => ({ name, password: resolveSecret(secretRef), prefixes: [...prefixes] })),
  );
}

/** What lies below a device's own topic: `TOPIC/`, or `tele/TOPIC/`, `cmnd/TOPIC/` and `stat/TOPIC/`. */
function ownPrefixes({ availability, messages, queries, command }: MqttProfile, topic: string): Set<string> {
  const templates = [availability.topic, ...[...messages.values(), ...queries.values()].map((m) => m.topic)];
  if (command !== undefined) templates.push(command.topic);
  const own = templates.filter((template) => template.includes('{topic}/'));
  return new Set(
    own.map((template) => expandTopic(template.slice(0, template.indexOf('{topic}/') + '{topic}/'.length), { topic })),
  );
}
