import { type EventSummary, PATHS } from '@venfleet/console-api';
import { describeError } from '@venfleet/core';
import { useState } from 'preact/hooks';
import { usePage } from '../app/context.js';
import { Dialog } from '../ui/dialog.js';
import { ErrorNote } from '../ui/parts.js';
import { titleOf } from './event-links.js';

/** Asks before an event is ended, as that cannot be taken back. */
export function CancelDialog({ event, onClose }: { readonly event: EventSummary; readonly onClose: () => void }) {
  const { api, told } = usePage().console;
  const [error, setError] = useState<string | undefined>(undefined);
  const [isBusy, setIsBusy] = useState(false);
  const cancel = async () => {
    setIsBusy(true);
    try {
      await api.send<EventSummary>('POST', PATHS.cancel(event.id));
      told.value = `${titleOf(event)} is cancelled.`;
      onClose();
    } catch (failure) {
      setError(describeError(failure));
      setIsBusy(false);
    }
  };
  return (
    <Dialog title="Cancel this event?" onClose={onClose}>
      <p>
        <strong>{titleOf(event)}</strong> ends now for every VEN that it is for, and their load is released. The event and its
        reports stay.
      </p>
      {error !== undefined && <ErrorNote>{error}</ErrorNote>}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Let it go on
        </button>
        <button type="button" class="button button--alarm" disabled={isBusy} onClick={() => void cancel()}>
          Cancel event
        </button>
      </div>
    </Dialog>
  );
}
