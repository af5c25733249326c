import { type Fault, PATHS } from '@venfleet/console-api';
import { describeError } from '@venfleet/core';
import { useState } from 'preact/hooks';
import { isApiError } from '../api/api-error.js';
import { usePage } from '../app/context.js';
import { sentence } from '../text/format.js';
import { Field } from '../ui/field.js';
import { type FaultDraft, faultOf, NEW_FAULT } from './fault-draft.js';

/** A fault as `device-sim:fault` makes it; the simulator says what is wrong with one. */
export function FaultForm({ kinds, onMade }: { readonly kinds: readonly string[]; readonly onMade: (fault: Fault) => void }) {
  const { api, fleet } = usePage().console;
  const [draft, setDraft] = useState<FaultDraft>(NEW_FAULT);
  const [error, setError] = useState<unknown>(undefined);
  const change = (part: Partial<FaultDraft>) => setDraft((known) => ({ ...known, ...part }));
  const fields = isApiError(error) ? error.fields : {};
  const submit = async () => {
    try {
      const fault = await api.send<Fault>('POST', PATHS.faults, faultOf({ ...draft, kind: draft.kind || (kinds[0] ?? '') }));
      setError(undefined);
      onMade(fault);
    } catch (failure) {
      setError(failure);
    }
  };
  const text = (name: Exclude<keyof FaultDraft, 'kind'>, label: string, hint: string, list?: string) => (
    <Field id={`fault-${name}`} label={label} hint={hint} error={fields[name]}>
      {(ids) => (
        <input
          {...ids}
          type="text"
          autocomplete="off"
          list={list}
          value={draft[name]}
          onInput={(event) => change({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <form
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field id="fault-kind" label="Kind" error={fields.kind}>
        {(ids) => (
          <select {...ids} value={draft.kind || kinds[0]} onChange={(event) => change({ kind: event.currentTarget.value })}>
            {kinds.map((kind) => (
              <option key={kind}>{kind}</option>
            ))}
          </select>
        )}
      </Field>
      {text('city', 'VEN', 'All devices of that one; of all VENs when empty.', 'fault-vens')}
      <datalist id="fault-vens">
        {fleet.vens.value.map(({ id, name }) => (
          <option key={id} value={name} />
        ))}
      </datalist>
      <div class="pair">
        {text('percent', 'Share of them, in %', 'All when empty.')}
        {text('durationS', 'For how many seconds', 'Until it is cleared when empty.')}
      </div>
      {text('device', 'One device', 'Its resource id.')}
      <p class={Object.keys(fields).length === 0 ? 'form-error' : 'visually-hidden'} role="alert">
        {error !== undefined && sentence(describeError(error))}
      </p>
      <button type="submit" class="button button--main" disabled={kinds.length === 0}>
        Make it
      </button>
    </form>
  );
}
