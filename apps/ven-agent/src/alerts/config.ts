import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Duration, seconds } from '@venfleet/core';
import { readTextFile, resolveSecret } from '@venfleet/core/node';
import { z } from 'zod';
import { isLoopback, secretRef, urlWithoutLogin } from '../config-parts.js';
import { ALERTS } from './table.js';

/** Part of a topic. */
const TOPIC = /^[^+#\s]+$/;
/** A secret goes to another machine over TLS alone. */
const isSafe = (secret: string | undefined, url: string): boolean =>
  secret === undefined || !URL.canParse(url) || /^(https|mqtts):/.test(url) || isLoopback(url);

const webhookSchema = z
  .strictObject({
    url: urlWithoutLogin(/^https?$/).meta({ description: 'where alerts are posted as JSON' }),
    token: secretRef.optional().meta({ description: 'bearer token to send: `env:NAME` or `file:PATH`' }),
    caFile: z.string().min(1).optional().meta({ description: 'certificate authorities (PEM) to trust instead of the system’s' }),
  })
  .refine(({ url, token }) => isSafe(token, url), {
    path: ['url'],
    message: 'must be https where a token is sent to another machine',
  });

const mqttSchema = z
  .strictObject({
    url: urlWithoutLogin(/^mqtts?$/).meta({ description: 'the broker' }),
    topic: z
      .string()
      .regex(TOPIC, 'must be a topic without wildcards')
      .optional()
      .meta({ description: 'what the topics begin with', otherwise: '`venfleet/AGENT`' }),
    username: z.string().min(1).optional().meta({ description: 'login' }),
    password: secretRef.optional().meta({ description: 'its password: `env:NAME` or `file:PATH`' }),
    caFile: z.string().min(1).optional().meta({ description: 'certificate authorities (PEM) to trust instead of the system’s' }),
  })
  .refine(({ url, password }) => isSafe(password, url), {
    path: ['url'],
    message: 'must be mqtts where a password is sent to another machine',
  });

/** The part `alerts` of the agent's settings file. */
export const alertsSchema = z
  .strictObject({
    agent: z
      .string()
      .regex(/^[^+#/\s]+$/, 'must be a name without spaces, /, + and #')
      .meta({ description: 'how this agent is called in messages', otherwise: 'the host name' }),
    state: z
      .string()
      .min(1)
      .meta({ description: 'file that remembers what fires and what was told', otherwise: '`alerts.json` beside the state' }),
    checkEveryS: z.number().min(1).max(3600).meta({ description: 'how often the conditions are looked at', default: 15 }),
    checkCertificatesEveryS: z
      .number()
      .min(1)
      .max(86_400)
      .meta({ description: 'how often certificates are looked at', default: 3600 }),
    atMostEveryS: z.number().min(1).max(86_400).meta({ description: 'least time between two messages', default: 300 }),
    repeatEveryS: z
      .number()
      .min(60)
      .max(2_592_000)
      .meta({ description: 'what goes on firing is told again so often', default: 14_400 }),
    off: z.array(z.enum(ALERTS.map(({ name }) => name))).meta({ description: 'alerts that are not wanted', default: [] }),
    webhook: webhookSchema.meta({ description: 'where alerts are sent by HTTP' }),
    mqtt: mqttSchema.meta({ description: 'where alerts are published, retained' }),
  })
  .partial();

/** Where alerts are sent by HTTP. */
export interface WebhookTarget {
  readonly url: string;
  readonly token?: string | undefined;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
}

/** Where alerts are published. */
export interface AlertBroker {
  readonly url: string;
  /** What the topics begin with. */
  readonly topic: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly ca?: string | undefined;
}

export interface AlertsSettings {
  /** How this agent is called in messages. */
  readonly agent: string;
  /** Path of the file that remembers what fires and what was told. */
  readonly state: string;
  readonly checkEvery: Duration;
  readonly certificatesEvery: Duration;
  readonly atMostEvery: Duration;
  readonly repeatEvery: Duration;
  /** Names of alerts that are not wanted. */
  readonly off: readonly string[];
  readonly webhook?: WebhookTarget | undefined;
  readonly mqtt?: AlertBroker | undefined;
}

/**
 * The settings with their defaults and their secrets resolved.
 * @param folder where the state goes if it is not named
 * @throws VenfleetError SECRET_MISSING, FILE_UNREADABLE
 */
export function alertsSettings(file: z.infer<typeof alertsSchema> = {}, env: NodeJS.ProcessEnv, folder: string): AlertsSettings {
  const { webhook, mqtt } = file;
  const agent = file.agent ?? (hostname().replaceAll(/[+#/\s]/g, '-') || 'ven-agent');
  const ca = (path: string | undefined) => (path === undefined ? undefined : readTextFile(path, 'the CA file'));
  const resolved = (ref: string | undefined) => (ref === undefined ? undefined : resolveSecret(ref, env));
  return {
    agent,
    state: file.state ?? join(folder, 'alerts.json'),
    checkEvery: seconds(file.checkEveryS ?? 15),
    certificatesEvery: seconds(file.checkCertificatesEveryS ?? 3600),
    atMostEvery: seconds(file.atMostEveryS ?? 300),
    repeatEvery: seconds(file.repeatEveryS ?? 14_400),
    off: file.off ?? [],
    ...(webhook && { webhook: { url: webhook.url, token: resolved(webhook.token), ca: ca(webhook.caFile) } }),
    ...(mqtt && {
      mqtt: {
        url: mqtt.url,
        topic: mqtt.topic ?? `venfleet/${agent}`,
        username: mqtt.username,
        password: resolved(mqtt.password),
        ca: ca(mqtt.caFile),
      },
    }),
  };
}
