import { usePage } from '../app/context.js';

/** Changes every ten seconds: for what is asked for again that seldom. */
export function useAge(): number {
  const { now } = usePage().console;
  return Math.floor((now.value ?? 0) / 10_000);
}
