import type { EventSummary } from '@venfleet/console-api';
import { milliseconds, systemClock } from '@venfleet/core';
import { useEffect, useState } from 'preact/hooks';
import { usePage } from '../app/context.js';
import { counted, period } from '../text/format.js';
import type { Draft } from './event-draft.js';
import { sendEvent } from './send-event.js';

/** So long nothing must be typed before the server is asked. */
const PAUSE = milliseconds(350);

/** What the event would be: the server says it, by the same words that make the event. */
export function Preview({
  draft,
  before,
  id,
}: {
  readonly draft: Draft;
  readonly before: Draft;
  readonly id: string | undefined;
}) {
  const { api, now } = usePage().console;
  const [event, setEvent] = useState<EventSummary | undefined>(undefined);
  useEffect(() => {
    const changed = new AbortController();
    const ask = async () => {
      await systemClock.sleep(PAUSE, changed.signal);
      const sent = await sendEvent(
        api,
        { draft, before, ...(id === undefined ? {} : { id }) },
        { isDry: true, signal: changed.signal },
      );
      if (!changed.signal.aborted) setEvent(sent.kind === 'done' ? sent.event : undefined);
    };
    ask().catch(() => {});
    return () => changed.abort();
  }, [api, draft, before, id]);
  return (
    <p class="preview" aria-live="polite">
      {event !== undefined && (
        <>
          <strong>{event.label}</strong>, {counted(event.vens, 'VEN')},{' '}
          {event.startAt === null ? 'from now on' : period(event.startAt, event.endAt, now.value)}
        </>
      )}
    </p>
  );
}
