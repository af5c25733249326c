import { type Duration, seconds } from '@venfleet/core';
import { usageError } from '@venfleet/core/node';
import { z } from 'zod';
import { isLoopback } from '../config-parts.js';
import type { StartShift } from './record.js';

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

const webhookSchema = z
  .strictObject({
    host: z.string().min(1).optional().meta({ description: 'the address to listen on', otherwise: '`127.0.0.1`' }),
    port: z.int().min(0).max(65_535).optional().meta({ description: 'its port; 0 takes a free one', otherwise: '0' }),
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ description: 'how the VTN reaches it', otherwise: 'the address that it listens on' }),
    tls: z
      .strictObject({
        certFile: z.string().min(1).meta({ description: 'certificate and those above it, PEM' }),
        keyFile: z.string().min(1).meta({ description: 'its private key, PEM' }),
      })
      .optional()
      .meta({ description: 'to speak HTTPS here; without, a proxy in front has to' }),
  })
  .refine(({ host, publicUrl }) => publicUrl !== undefined || !ANY_ADDRESS.has(host ?? ''), {
    path: ['publicUrl'],
    message: 'is needed where the host is any address: the VTN must be told one of them',
  });

const PUSH_MODES = ['auto', 'webhook', 'mqtt', 'off'] as const;
/** How the VTN is to tell of changes; auto: by MQTT where it has a broker, else by webhook where that can be. */
export type PushMode = (typeof PUSH_MODES)[number];

/** The part `events` of the agent's settings file. */
export const eventsSchema = z
  .strictObject({
    database: z.string().min(1).meta({
      description: 'events seen, with what was drawn for them and the operator’s opt-outs',
      otherwise: '`events.db` beside the state',
      env: 'VENFLEET_EVENTS',
    }),
    pollIntervalS: z.number().min(1).max(3600).meta({ description: 'mean time between two looks at all events', default: 30 }),
    pushedPollIntervalS: z
      .number()
      .min(1)
      .max(86_400)
      .meta({ description: 'the same while the VTN tells of changes by itself', default: 60 }),
    startShift: z
      .enum(['either', 'later'])
      .meta({ description: 'which way `randomizeStart` shifts; `later` for VTNs that mean a delay', default: 'either' }),
    push: z.enum(PUSH_MODES).meta({
      description: 'how the VTN is to tell of changes; `auto`: MQTT where it has a broker, else webhook where that can be',
      default: 'auto',
    }),
    webhook: webhookSchema.meta({
      description: 'where the agent listens for a VTN’s webhooks; a VTN on this machine needs none of it',
    }),
  })
  .partial();

/** Where the agent listens for the VTN's notifications. */
export interface WebhookSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** How the VTN reaches it, where that is not the address that it listens on. */
  readonly publicUrl?: string | undefined;
  /** PEM files; without, a proxy in front has to speak HTTPS, which VTNs insist on. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
}

export interface EventsSettings {
  /** Path of the events' database. */
  readonly database: string;
  /** Mean time between two listings, alone and while the VTN tells of changes by itself. */
  readonly intervals: { readonly alone: Duration; readonly pushed: Duration };
  readonly startShift: StartShift;
  readonly push: PushMode;
  readonly webhook?: WebhookSettings | undefined;
}

/**
 * The settings with their defaults. A VTN on this machine can call back without anything being configured.
 * @throws VenfleetError USAGE
 */
export function eventsSettings(file: z.infer<typeof eventsSchema>, database: string, vtnUrl: string): EventsSettings {
  const push = file.push ?? 'auto';
  const webhook = file.webhook ?? (isLoopback(vtnUrl) ? {} : undefined);
  if (push === 'webhook' && webhook === undefined) {
    throw usageError('events.push is webhook, but events.webhook is missing', 'config/ven-agent.example.yaml shows it');
  }
  const listens = push !== 'off' && push !== 'mqtt' && webhook !== undefined;
  return {
    database,
    intervals: { alone: seconds(file.pollIntervalS ?? 30), pushed: seconds(file.pushedPollIntervalS ?? 60) },
    startShift: file.startShift ?? 'either',
    push,
    ...(listens ? { webhook: { ...webhook, host: webhook.host ?? '127.0.0.1', port: webhook.port ?? 0 } } : {}),
  };
}
