import { ConsoleServer, pageFolder } from '@venfleet/console-api/server';
import type { Logger } from '@venfleet/core';
import { resolveSecret } from '@venfleet/core/node';
import type { Reading } from '../readings/reading.js';
import { AgentConsole, type AgentConsolePorts } from './agent-console.js';
import { OperatorGuard } from './guard.js';
import { OutboxView } from './outbox-view.js';

export interface ConsoleSettings {
  /** Reference to what operators log in with. */
  readonly token: string;
  readonly page?: string | undefined;
}

export interface OpenConsolePorts extends Omit<AgentConsolePorts, 'outbox'> {
  /** Path of the outbox's database. */
  readonly outbox: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
}

/** The agent's console, and whom to tell of readings. */
export interface OpenConsole {
  readonly server: ConsoleServer;
  observe(readings: readonly Reading[]): void;
}

/**
 * @param settings undefined: there is none
 * @throws VenfleetError SECRET_…, CONSOLE_TOKEN_SHORT
 */
export function openConsole(settings: ConsoleSettings | undefined, ports: OpenConsolePorts): OpenConsole | undefined {
  if (settings === undefined) return undefined;
  const { env, clock, logger, outbox } = ports;
  const guard = new OperatorGuard(resolveSecret(settings.token, env), clock);
  const backend = new AgentConsole({ ...ports, outbox: new OutboxView(outbox, clock) });
  const server = new ConsoleServer({ backend, guard, page: settings.page ?? pageFolder(), clock, logger });
  return { server, observe: (readings) => backend.loads.observe(readings) };
}
