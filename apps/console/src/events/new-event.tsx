import { useSignal } from '@preact/signals';
import { useSession } from '../app/context.js';
import { EventDialog } from './event-dialog.js';

/** The way to a new event, for who may make one. @param ven the one that it is for at first; all, without */
export function NewEvent({ ven }: { readonly ven?: string }) {
  const { abilities } = useSession();
  const isOpen = useSignal(false);
  if (!abilities.writeEvents) return null;
  return (
    <>
      <button
        type="button"
        class={ven === undefined ? 'button button--main' : 'button'}
        onClick={() => {
          isOpen.value = true;
        }}
      >
        {ven === undefined ? 'New event' : `New event for ${ven}`}
      </button>
      {isOpen.value && (
        <EventDialog
          vens={ven === undefined ? [] : [ven]}
          onClose={() => {
            isOpen.value = false;
          }}
        />
      )}
    </>
  );
}
