import { discriminated } from '../common.js';
import { type Static, Type } from '../schema.js';
import { uri } from '../uri.js';

export const AuthServerInfo = Type.Object(
  { tokenURL: uri('Where tokens are issued.') },
  { title: 'AuthServerInfo', description: 'Answer of GET /auth/server.' },
);
export type AuthServerInfo = Static<typeof AuthServerInfo>;

const pem = (description: string) => Type.String({ description });

const MqttAnonymous = Type.Object(
  { method: Type.Literal('ANONYMOUS') },
  { title: 'MqttAnonymous', description: 'The broker asks for no credentials.' },
);

const MqttOAuth2 = Type.Object(
  {
    method: Type.Literal('OAUTH2_BEARER_TOKEN'),
    username: Type.String({
      description: 'User name; the text {clientID} stands for the client’s own id. The password is its token.',
    }),
  },
  { title: 'MqttOAuth2', description: 'The broker takes the access token.' },
);

const MqttCertificate = Type.Object(
  {
    method: Type.Literal('CERTIFICATE'),
    caCert: pem('Certificate of the authority.'),
    clientCert: pem('Certificate of the client.'),
    clientKey: pem('Private key of the client.'),
  },
  { title: 'MqttCertificate', description: 'The broker takes a client certificate.' },
);

export const MqttNotifier = Type.Object(
  {
    URIS: Type.Array(uri('URI of the broker.', { examples: ['mqtts://broker.vtn.company.com'] })),
    serialization: Type.Literal('JSON', { description: 'Form of the messages.' }),
    authentication: discriminated('method', [MqttAnonymous, MqttOAuth2, MqttCertificate], {
      title: 'MqttAuthentication',
      description: 'How to log in at the broker.',
    }),
  },
  { title: 'MqttNotifier', description: 'How to be told of changes by MQTT.' },
);
export type MqttNotifier = Static<typeof MqttNotifier>;

export const Notifiers = Type.Object(
  { WEBHOOK: Type.Boolean({ description: 'Always true.' }), MQTT: Type.Optional(MqttNotifier) },
  { title: 'Notifiers', description: 'Answer of GET /notifiers.' },
);
export type Notifiers = Static<typeof Notifiers>;

const topic = (operations: string) => Type.String({ description: `Topic of ${operations}.` });

export const NotifierTopics = Type.Object(
  {
    topics: Type.Object(
      {
        CREATE: Type.Optional(topic('creations; absent for a single object')),
        UPDATE: topic('updates'),
        DELETE: topic('deletions'),
        ALL: Type.Optional(topic('all of these, where the VTN has it')),
      },
      { title: 'OperationsTopics', description: 'Topics by operation.' },
    ),
  },
  { title: 'NotifierTopics', description: 'Answer of GET /notifiers/mqtt/topics/….' },
);
export type NotifierTopics = Static<typeof NotifierTopics>;
