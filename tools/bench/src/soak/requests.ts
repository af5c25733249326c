import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const BEGUN = 'undici:request:create';
const ENDED = ['undici:request:trailers', 'undici:request:error'];

/** Counts the HTTP requests of this process that are under way (undici's diagnostics channels). */
export class RequestsUnderWay {
  readonly #requests = new Set<unknown>();
  readonly #begun = (message: unknown) => void this.#requests.add(requestOf(message));
  readonly #ended = (message: unknown) => void this.#requests.delete(requestOf(message));

  constructor() {
    subscribe(BEGUN, this.#begun);
    for (const channel of ENDED) subscribe(channel, this.#ended);
  }

  get count(): number {
    return this.#requests.size;
  }

  close(): void {
    unsubscribe(BEGUN, this.#begun);
    for (const channel of ENDED) unsubscribe(channel, this.#ended);
  }
}

const requestOf = (message: unknown): unknown => (message as { readonly request: unknown }).request;
