import { Field } from '../ui/field.js';
import type { Draft } from './event-draft.js';
import type { FieldsProps } from './event-fields.js';

const BEGINS: readonly { readonly value: Draft['begins']; readonly name: string }[] = [
  { value: 'now', name: 'Now' },
  { value: 'in', name: 'In a while' },
  { value: 'at', name: 'At a time' },
];
const LENGTHS = ['5m', '15m', '30m', '1h', '2h'];

/** When it begins, and how long it lasts. */
export function WhenFields({ draft, change, mistakes }: FieldsProps) {
  return (
    <fieldset>
      <legend>When</legend>
      <div class="segments">
        {BEGINS.map(({ value, name }) => (
          <label key={value} class="segment">
            <input
              type="radio"
              name="begins"
              value={value}
              checked={draft.begins === value}
              onChange={() => change({ begins: value })}
            />
            <span>{name}</span>
          </label>
        ))}
      </div>
      <div class="pair">
        <StartField draft={draft} change={change} mistakes={mistakes} />
        <Field id="event-for" label="How long" hint="30m, 2h, 1d or forever." error={mistakes.inputs.for}>
          {(ids) => (
            <input
              {...ids}
              type="text"
              autocomplete="off"
              list="lengths"
              value={draft.for}
              onInput={(event) => change({ for: event.currentTarget.value })}
            />
          )}
        </Field>
        <datalist id="lengths">
          {LENGTHS.map((length) => (
            <option key={length} value={length} />
          ))}
        </datalist>
      </div>
    </fieldset>
  );
}

function StartField({ draft, change, mistakes }: FieldsProps) {
  if (draft.begins === 'in') {
    return (
      <Field id="event-in" label="In" hint="5m, 1h" error={mistakes.inputs.in}>
        {(ids) => (
          <input
            {...ids}
            type="text"
            autocomplete="off"
            value={draft.in}
            onInput={(event) => change({ in: event.currentTarget.value })}
          />
        )}
      </Field>
    );
  }
  if (draft.begins === 'at') {
    return (
      <Field id="event-at" label="Begins" hint="In your own time zone." error={mistakes.inputs.at}>
        {(ids) => (
          <input {...ids} type="datetime-local" value={draft.at} onInput={(event) => change({ at: event.currentTarget.value })} />
        )}
      </Field>
    );
  }
  // An event that begins now can be refused all the same.
  return mistakes.inputs.at === undefined ? null : <p class="field-error">{mistakes.inputs.at}</p>;
}
