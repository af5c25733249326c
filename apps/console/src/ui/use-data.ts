import { describeError, isAbort } from '@venfleet/core';
import { useEffect, useState } from 'preact/hooks';
import { usePage } from '../app/context.js';

/** What was asked for. While it is asked for again, the last answer stays. */
export interface Data<T> {
  readonly data: T | undefined;
  readonly error: string | undefined;
}

/**
 * Asks the API for a path, and again when `version` changes.
 * @param path undefined: nothing is asked for
 */
export function useData<T>(path: string | undefined, version: unknown = undefined): Data<T> {
  const { api } = usePage().console;
  const [state, set] = useState<Data<T> & { readonly of: string | undefined }>({ of: path, data: undefined, error: undefined });
  // `version` says when to ask again
  useEffect(() => {
    if (path === undefined) return;
    const left = new AbortController();
    api.get<T>(path, left.signal).then(
      (data) => set({ of: path, data, error: undefined }),
      (error: unknown) => {
        if (isAbort(error) || left.signal.aborted) return;
        set((known) => ({ of: path, data: known.of === path ? known.data : undefined, error: describeError(error) }));
      },
    );
    return () => left.abort();
  }, [api, path, version]);
  return state.of === path ? state : { data: undefined, error: undefined };
}
