import { setMaxListeners } from 'node:events';

/** Something that is given up when a signal aborts. */
export interface Abortable {
  abort(reason: unknown): void;
}

interface Watch {
  readonly items: Set<Abortable>;
  readonly listener: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

/**
 * Gives `item` up when `signal` aborts. One signal for all requests of a run is the rule here, and an AbortSignal
 * searches its listeners one by one to remove one, so it gets a single one for all of them.
 */
export function watchAbort(signal: AbortSignal, item: Abortable): void {
  let watch = watches.get(signal);
  if (watch === undefined) {
    const items = new Set<Abortable>();
    const listener = () => {
      for (const each of items) each.abort(signal.reason);
    };
    watch = { items, listener };
    watches.set(signal, watch);
    signal.addEventListener('abort', listener, { once: true });
    // Each pause before a retry listens, too; from the eleventh on Node would warn of a leak.
    setMaxListeners(0, signal);
  }
  watch.items.add(item);
}

/** Ends what {@link watchAbort} began; after the last item no listener is left. */
export function unwatchAbort(signal: AbortSignal, item: Abortable): void {
  const watch = watches.get(signal);
  if (watch === undefined || !watch.items.delete(item) || watch.items.size > 0) return;
  watches.delete(signal);
  signal.removeEventListener('abort', watch.listener);
}
