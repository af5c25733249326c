/** Where the present state of each alert is published. */
export interface Publisher {
  /** Replaces what was published below that name; nothing happens while the broker is away. */
  publish(name: string, payload: string): void;
  close(): Promise<void>;
}

/** Connects, and calls `connected` each time that the broker is there and knows nothing. Never waits, never throws. */
export type OpenPublisher = (connected: () => void) => Publisher;
