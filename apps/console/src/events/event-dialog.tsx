import { type EventDetail, type FormChoices, PATHS } from '@venfleet/console-api';
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePage } from '../app/context.js';
import { Dialog } from '../ui/dialog.js';
import { useData } from '../ui/use-data.js';
import { type Draft, draftOf, newDraft } from './event-draft.js';
import { EventFields } from './event-fields.js';
import { titleOf } from './event-links.js';
import { Preview } from './preview.js';
import { type Mistakes, NO_MISTAKES, sendEvent } from './send-event.js';

/** What programs are called that an operator makes events in, unless they choose another. */
const PROGRAM = 'venfleet';

/** The form for a new event, or to change one. */
export function EventDialog({ event, vens = [], onClose }: EventDialogProps) {
  const { api, told } = usePage().console;
  const choices = useData<FormChoices>(PATHS.formChoices).data;
  const [before] = useState(() => (event === undefined ? newDraft(vens, PROGRAM) : draftOf(event.form)));
  const [draft, setDraft] = useState(before);
  const [mistakes, setMistakes] = useState<Mistakes>(NO_MISTAKES);
  const [isBusy, setIsBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // The focus goes to the first input that is wrong.
  useEffect(() => {
    if (mistakes !== NO_MISTAKES) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [mistakes]);
  const submit = async () => {
    setIsBusy(true);
    const sent = await sendEvent(api, { draft, before, ...(event === undefined ? {} : { id: event.id }) });
    setIsBusy(false);
    if (sent.kind === 'wrong') return setMistakes(sent.mistakes);
    if (sent.kind === 'done') {
      told.value = `${titleOf(sent.event)} is ${event === undefined ? 'made' : 'changed'}.`;
    }
    onClose();
  };
  const change = (part: Partial<Draft>) => setDraft((known) => ({ ...known, ...part }));
  return (
    <Dialog title={event === undefined ? 'New event' : `Change ${titleOf(event)}`} onClose={onClose}>
      <form
        class="form"
        ref={form}
        noValidate
        onSubmit={(submitted) => {
          submitted.preventDefault();
          void submit();
        }}
      >
        <EventFields draft={draft} change={change} mistakes={mistakes} choices={choices} isNew={event === undefined} />
        <Preview draft={draft} before={before} id={event?.id} />
        <p class="form-error" role="alert">
          {mistakes.general}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {event === undefined ? 'Discard' : 'Leave as it is'}
          </button>
          <button type="submit" class="button button--main" disabled={isBusy}>
            {event === undefined ? 'Create event' : 'Change event'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface EventDialogProps {
  /** The one to change; a new one without. */
  readonly event?: EventDetail;
  /** Names of the VENs that a new one is for at first. */
  readonly vens?: readonly string[];
  readonly onClose: () => void;
}
