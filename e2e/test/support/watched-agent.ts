import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Clock, milliseconds, seconds, silentLogger, systemRandom } from '@venfleet/core';
import { Agent, ALERTS, loadAgentConfig, registerFleet } from '@venfleet/ven-agent';
import { type LoopFleet, profiles } from './loop.js';
import { shortly } from './prometheus.js';

/** A server on a free port. @param handle gives the status of its answer */
export async function listen(
  handle: (body: string, request: IncomingMessage) => number,
): Promise<{ url: string; stop(): Promise<unknown> }> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.writeHead(handle(body, request)).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

/** Takes what agents tell by webhook. */
export interface Receiver {
  readonly url: string;
  /** What fires by the latest messages of an agent, as a Prometheus tells it. */
  firing(agent: string): string[];
  stop(): Promise<unknown>;
}

interface Message {
  readonly commonLabels: { readonly agent: string; readonly alertname: string };
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

const TOKEN = 'hook-token';

export async function startReceiver(): Promise<Receiver> {
  const latest = new Map<string, Message>();
  const { url, stop } = await listen((body, request) => {
    const isAuthorised = request.headers.authorization === `Bearer ${TOKEN}`;
    const message = JSON.parse(body) as Message;
    if (isAuthorised) latest.set(`${message.commonLabels.agent} ${message.commonLabels.alertname}`, message);
    return isAuthorised ? 204 : 401;
  });
  return {
    url,
    stop,
    firing: (agent) =>
      [...latest.values()]
        .filter(({ commonLabels }) => commonLabels.agent === agent)
        .flatMap((message) => message.alerts)
        .filter(({ status }) => status === 'firing')
        .map(({ labels }) => shortly(labels))
        .sort(),
  };
}

/** An agent whose alerts are watched. */
export interface Watched {
  readonly name: string;
  readonly agent: Agent;
  readonly ops: string;
}

export interface WatchedOptions {
  readonly name: string;
  /** Where it keeps its state. */
  readonly at: string;
  readonly vens: readonly string[];
  readonly vtnUrl: string;
  readonly receiver: Receiver;
  /** Parts of its settings file. */
  readonly settings?: object;
  readonly clock: Clock;
  /** How long a trouble lasts before its alert fires, in seconds. */
  readonly patience: number;
}

/** A registered agent in this process, so that its clock can be stepped; it looks at everything each second. */
export async function startWatched(fleet: LoopFleet, options: WatchedOptions): Promise<Watched> {
  const { name, at, vens, vtnUrl, receiver, settings = {}, clock, patience } = options;
  mkdirSync(at, { recursive: true });
  const { db, credentials } = fleet;
  const state = join(at, 'agent.db');
  const vtn = { url: vtnUrl, credentials };
  const { failures } = await registerFleet({ vtn, db, state, vens, logger: silentLogger });
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  const file = join(at, 'ven-agent.yaml');
  const every = { checkEveryS: 1, atMostEveryS: 1, checkCertificatesEveryS: 1 };
  const alerts = { agent: name, ...every, webhook: { url: receiver.url, token: 'env:HOOK' } };
  const usual = { version: 1, alerts, events: POLLING, control: { checkEveryS: 10, validForS: 20 } };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ ...usual, ...settings }));
  const config = loadAgentConfig({ config: file, db, state, vtnUrl, credentials, profiles, opsPort: 0 }, { HOOK: TOKEN });
  // Its patience with requests is not what is tried here.
  const retry = { attempts: 2, base: milliseconds(200), cap: milliseconds(200), longestAsked: seconds(1) };
  const agent = new Agent({
    config: { ...config, vtn: { ...config.vtn, retry } },
    vens,
    report: true,
    control: true,
    alerts: ALERTS.map((alert) => ({ ...alert, for: seconds(patience), keep: seconds(1) })),
    env: {},
    clock,
    random: systemRandom,
    logger: silentLogger,
  });
  const { ops } = await agent.start();
  return { name, agent, ops };
}

export const POLLING = { pollIntervalS: 1, pushedPollIntervalS: 1 };

/** An alert as a Prometheus tells it that has it from that agent. */
export function withInstance(alert: string, { ops }: Watched): string {
  const [name, ...labels] = alert.split(/ (?=\w+=)/);
  return [name, ...[...labels, `instance=${new URL(ops).host}`].sort()].join(' ');
}
