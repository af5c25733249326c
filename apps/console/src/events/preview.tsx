import { milliseconds, systemClock } from '@venfleet/core';
import { useEffect, useState } from 'preact/hooks';
import { usePage } from '../app/context.js';
import { type Draft, spoken } from './event-draft.js';
import { sendEvent } from './send-event.js';

/** So long nothing must be typed before the server is asked. */
const PAUSE = milliseconds(350);

/** The event in a sentence, once the server finds nothing wrong with it. */
export function Preview({
  draft,
  before,
  id,
}: {
  readonly draft: Draft;
  readonly before: Draft;
  readonly id: string | undefined;
}) {
  const { api, fleet } = usePage().console;
  const [good, setGood] = useState<Draft | undefined>(undefined);
  useEffect(() => {
    const changed = new AbortController();
    const ask = async () => {
      await systemClock.sleep(PAUSE, changed.signal);
      const sending = { draft, before, ...(id === undefined ? {} : { id }) };
      const sent = await sendEvent(api, sending, { isDry: true, signal: changed.signal });
      if (!changed.signal.aborted) setGood(sent.kind === 'done' ? draft : undefined);
    };
    ask().catch(() => {});
    return () => changed.abort();
  }, [api, draft, before, id]);
  const all = fleet.venIds.value.length;
  return (
    <p class="preview" aria-live="polite">
      {good === draft && spoken(draft, all)}
    </p>
  );
}
