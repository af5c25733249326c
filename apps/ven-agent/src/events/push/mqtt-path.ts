import { VenfleetError } from '@venfleet/core';
import { decodeNotification, isDenied, isNotFound, type MqttBroker, type TopicsOf } from '@venfleet/openadr';
import { hintOf } from './hints.js';
import type { BrokerAccess, OpenNotifications } from './mqtt-link.js';
import { type PushedVen, type PushPath, type PushPorts, Silence } from './path.js';

export interface MqttPathSettings {
  /** PEM: certificate authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  readonly verifyTls: boolean;
}

const SECURE = /^(mqtts|ssl|wss):/i;
const KNOWN = /^(mqtts?|wss?):/i;

/**
 * Notifications by MQTT (OpenADR 3.1 Definition, notifiers): the VTN names its broker, how to log in, and the topics of
 * the VEN. One connection for each VEN, as each logs in for itself. When it ends, so does the path; the next one logs in
 * with a token that is valid then, and all is read over REST again.
 */
export function mqttPath(open: OpenNotifications, settings: MqttPathSettings, { logger }: PushPorts): PushPath {
  return async (ven, signal) => {
    const { access, feed, name } = ven;
    const { mqtt } = await access.client.readNotifiers({ signal });
    if (mqtt === undefined) throw new VenfleetError('NO_PUSH', 'the VTN has no MQTT broker any more');
    const topics = await topicsOf(ven, signal);
    const login = await loginOf(mqtt, ven, settings);
    const silence = new Silence();
    let giveUp: (reason: string) => void = () => undefined;
    const silent = new Promise<string>((resolve) => {
      giveUp = resolve;
    });
    const receive = (payload: Buffer) => {
      const notification = parse(payload);
      if (notification === undefined) return;
      silence.heard();
      const hint = hintOf(notification);
      if (hint !== undefined) feed.hint(hint);
    };
    const link = await open(login, topics, receive, signal).catch(async (error: unknown) => {
      // Its token may be one that the VTN has withdrawn.
      if (login.password !== undefined) access.tokens.invalidate(login.password);
      throw error;
    });
    const onAbort = () => giveUp('the agent stops');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      if (link.refused.length === topics.length)
        throw new VenfleetError('BROKER_REFUSED', `the VTN's broker refuses ${topics.join(', ')}`);
      if (link.refused.length > 0) logger.info({ ven: name, topics: link.refused }, 'the VTN’s broker refuses some topics');
      feed.setPush(() => {
        if (silence.missed()) giveUp('changes were not told of');
      });
      const reason = await Promise.race([link.ended, silent]);
      signal.throwIfAborted();
      throw new VenfleetError('BROKER_LOST', `the connection to the VTN's broker ended: ${reason}`);
    } finally {
      signal.removeEventListener('abort', onAbort);
      await link.close();
    }
  };
}

/** The VEN's own topics; and those of its programs' events, to which some VTNs publish what is not targeted. */
async function topicsOf({ id, access, feed }: PushedVen, signal: AbortSignal): Promise<string[]> {
  const { client } = access;
  const own: TopicsOf[] = [
    { ven: id, objects: 'events' },
    { ven: id, objects: 'programs' },
    { ven: id, objects: 'resources' },
    { ven: id },
  ];
  const programs: TopicsOf[] = [...feed.programIds()].map((program) => ({ program, objects: 'events' }));
  const found = await Promise.all(
    [...own, ...programs].map(async (of) => {
      try {
        return await client.readTopics(of, { signal });
      } catch (error) {
        if (isDenied(error) || isNotFound(error)) return [];
        throw error;
      }
    }),
  );
  const topics = [...new Set(found.flat())];
  if (topics.length === 0) throw new VenfleetError('NO_PUSH', 'the VTN names no topics for this VEN');
  return topics;
}

/** @throws VenfleetError BROKER_INSECURE, BROKER_UNKNOWN; VtnError */
async function loginOf(
  { uris, authentication }: MqttBroker,
  { access }: PushedVen,
  settings: MqttPathSettings,
): Promise<BrokerAccess> {
  const url = uris.find((uri) => SECURE.test(uri)) ?? uris.find((uri) => KNOWN.test(uri));
  if (url === undefined || !URL.canParse(url)) {
    throw new VenfleetError(
      'BROKER_UNKNOWN',
      `the VTN names no broker that this agent can reach: ${uris.join(', ') || 'none at all'}`,
    );
  }
  const { ca, verifyTls } = settings;
  const base = { url, verifyTls, ...(ca === undefined ? {} : { ca }) };
  switch (authentication.method) {
    case 'ANONYMOUS':
      return base;
    case 'OAUTH2_BEARER_TOKEN': {
      if (!SECURE.test(url) && access.client.vtn.baseUrl.startsWith('https:')) {
        throw new VenfleetError('BROKER_INSECURE', `the VTN's broker ${url} would be told the token without TLS`, {
          hint: 'have the VTN name a broker with mqtts://',
        });
      }
      const username = authentication.username.replaceAll('{clientID}', access.clientId ?? '');
      return { ...base, username, password: await access.tokens.token() };
    }
    case 'CERTIFICATE': {
      const { caCert, clientCert, clientKey } = authentication;
      return { ...base, ...(caCert === '' ? {} : { ca: caCert }), cert: clientCert, key: clientKey };
    }
    case 'UNKNOWN':
      throw new VenfleetError('BROKER_UNKNOWN', `the VTN's broker wants ${authentication.name}, which this agent does not know`);
  }
}

function parse(payload: Buffer) {
  try {
    return decodeNotification(JSON.parse(payload.toString('utf8')));
  } catch {
    return undefined;
  }
}
