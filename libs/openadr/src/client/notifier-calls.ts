import { nullable } from '../wire/common.js';
import { type Static, Type } from '../wire/schema.js';
import { path, receive } from './adapter.js';
import type { MqttAuthentication, Notifiers, TopicsOf } from './domain.js';
import type { Call } from './session.js';

const text = nullable(Type.String());

const ReceivedNotifiers = Type.Object({
  WEBHOOK: nullable(Type.Boolean()),
  MQTT: nullable(
    Type.Object({
      URIS: Type.Array(Type.String()),
      authentication: nullable(
        Type.Object({ method: Type.String(), username: text, caCert: text, clientCert: text, clientKey: text }),
      ),
    }),
  ),
});

const ReceivedTopics = Type.Object({ topics: Type.Record(Type.String(), text) });

/** 3.1: how a VTN tells of changes, and where at its broker. */
export const notifierCalls = {
  readNotifiers: (): Call<Notifiers> => ({
    method: 'GET',
    path: '/notifiers',
    decode: receive(ReceivedNotifiers, decodeNotifiers),
  }),
  /** The topics of all operations, as few as there are. */
  readTopics: (of: TopicsOf): Call<readonly string[]> => ({
    method: 'GET',
    path: topicsPath(of),
    decode: receive(ReceivedTopics, ({ topics }) => {
      const { ALL, ...each } = topics;
      const named = ALL === undefined || ALL === null ? Object.values(each) : [ALL];
      return [...new Set(named.flatMap((topic) => (topic === null || topic === undefined ? [] : spellings(topic))))];
    }),
  }),
};

function topicsPath(of: TopicsOf): string {
  const below = of.objects === undefined ? '' : `/${of.objects}`;
  const owner = 'ven' in of ? path`vens/${of.ven}` : path`programs/${of.program}`;
  return `/notifiers/mqtt/topics/${owner}${below}`;
}

/**
 * A topic as the VTN names it, and as it may mean it: openleadr-rs 0.2 answers `events/vens/ID/…` and publishes to
 * `vens/ID/events/…`, programs and resources likewise.
 */
function spellings(topic: string): string[] {
  const other = topic.replace(/(^|\/)(events|programs|resources)\/(vens\/[^/]+)(?=\/|$)/, '$1$3/$2');
  return other === topic ? [topic] : [topic, other];
}

function decodeNotifiers({ WEBHOOK, MQTT }: Static<typeof ReceivedNotifiers>): Notifiers {
  if (MQTT === undefined || MQTT === null) return { webhook: WEBHOOK ?? false };
  return { webhook: WEBHOOK ?? false, mqtt: { uris: MQTT.URIS, authentication: decodeAuthentication(MQTT.authentication) } };
}

type Received = NonNullable<Static<typeof ReceivedNotifiers>['MQTT']>['authentication'];

function decodeAuthentication(received: Received): MqttAuthentication {
  if (received === undefined || received === null) return { method: 'ANONYMOUS' };
  const { method, username, caCert, clientCert, clientKey } = received;
  // openleadr-rs 0.2 writes it without underscores.
  switch (method.toUpperCase().replaceAll('_', '')) {
    case 'ANONYMOUS':
      return { method: 'ANONYMOUS' };
    case 'OAUTH2BEARERTOKEN':
      return { method: 'OAUTH2_BEARER_TOKEN', username: username ?? '{clientID}' };
    case 'CERTIFICATE':
      return { method: 'CERTIFICATE', caCert: caCert ?? '', clientCert: clientCert ?? '', clientKey: clientKey ?? '' };
    default:
      return { method: 'UNKNOWN', name: method };
  }
}
