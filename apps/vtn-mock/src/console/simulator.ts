import type { Fault, FaultForm, Faults } from '@venfleet/console-api';
import { ConsoleProblem, type FaultDesk } from '@venfleet/console-api/server';
import { describeError } from '@venfleet/core';

const TIMEOUT_MS = 5_000;

/**
 * The faults of a device simulator at a URL, for those who are logged in here: the page asks this server alone, so that the
 * simulator needs to let no page in. What a fault is, only the simulator knows.
 */
export class SimulatorFaults implements FaultDesk {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url.replace(/\/+$/, '');
  }

  async list(): Promise<Faults> {
    const [{ faults }, kinds] = await Promise.all([this.#ask<{ faults: Fault[] }>('GET', '/v1/faults'), this.#kinds()]);
    return { url: this.#url, kinds, faults };
  }

  add(fault: FaultForm): Promise<Fault> {
    return this.#ask('POST', '/v1/faults', fault);
  }

  clear(id: number): Promise<Fault> {
    return this.#ask('DELETE', `/v1/faults/${id}`);
  }

  clearAll(): Promise<{ readonly cleared: number }> {
    return this.#ask('DELETE', '/v1/faults');
  }

  /** As its OpenAPI document says. */
  async #kinds(): Promise<string[]> {
    // biome-ignore lint/suspicious/noExplicitAny: a document of any shape, of which one list is wanted.
    const document = await this.#ask<any>('GET', '/openapi.json');
    const schema = document?.paths?.['/v1/faults']?.post?.requestBody?.content?.['application/json']?.schema;
    return schema?.properties?.kind?.enum ?? [];
  }

  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(this.#url + path, {
        method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      answer = await response.json();
    } catch (error) {
      const why = describeError((error as Error).cause ?? error);
      throw new ConsoleProblem(502, `no device simulator answers at ${this.#url}: ${why}`);
    }
    if (response.ok) return answer as T;
    const { message = `status ${response.status}`, details = [] } = (answer ?? {}) as { message?: string; details?: string[] };
    const status = response.status >= 400 && response.status < 500 ? response.status : 502;
    const fields = Object.fromEntries(
      details.map((line) => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1).trim()]),
    );
    throw new ConsoleProblem(status, [message, ...details].join('; '), details.length === 0 ? {} : { fields });
  }
}
