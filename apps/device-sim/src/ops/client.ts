import { describeError, VenfleetError } from '@venfleet/core';

/** Speaks with a running simulator. */
export class OpsClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url.replace(/\/+$/, '');
  }

  /** @throws VenfleetError SIM_UNREACHABLE, or the one that the simulator answers with */
  async call<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    let response: Response;
    try {
      response = await fetch(`${this.#url}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
    } catch (cause) {
      throw this.#unreachable(describeError((cause as Error).cause ?? cause), cause);
    }
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok && answer !== undefined) return answer as T;
    const problem = answer as { code?: unknown; message?: unknown; hint?: string; details?: string[] } | undefined;
    if (typeof problem?.code !== 'string' || typeof problem.message !== 'string') {
      throw this.#unreachable(`status ${response.status}, not the answer of a simulator`);
    }
    throw new VenfleetError(problem.code, problem.message, {
      details: problem.details ?? [],
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    });
  }

  #unreachable(reason: string, cause?: unknown): VenfleetError {
    return new VenfleetError('SIM_UNREACHABLE', `no device simulator answers at ${this.#url}: ${reason}`, {
      cause,
      context: { url: this.#url },
      hint: 'start it with: npx nx serve device-sim; for one with another --ops-port give its --url',
    });
  }
}
