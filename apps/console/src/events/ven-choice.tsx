import { useState } from 'preact/hooks';
import { usePage } from '../app/context.js';

/** Whom an event is for: all, or VENs by name. */
export function VenChoice({ chosen, onChange, error }: VenChoiceProps) {
  const { fleet } = usePage().console;
  const names = fleet.vens.value.map(({ name }) => name);
  const [isAll, setIsAll] = useState(chosen.length === 0);
  const [typed, setTyped] = useState('');
  const [unknown, setUnknown] = useState<string | undefined>(undefined);
  const add = () => {
    const wanted = typed.trim().toLocaleLowerCase('da');
    if (wanted === '') return;
    const name = names.find((one) => one.toLocaleLowerCase('da') === wanted);
    setUnknown(name === undefined ? `There is no VEN “${typed.trim()}”.` : undefined);
    if (name === undefined) return;
    setTyped('');
    if (!chosen.includes(name)) onChange([...chosen, name]);
  };
  const wrong = unknown ?? error;
  const radio = (all: boolean, text: string) => (
    <label class="segment">
      <input
        type="radio"
        name="scope"
        checked={isAll === all}
        onChange={() => {
          setIsAll(all);
          if (all) onChange([]);
        }}
      />
      <span>{text}</span>
    </label>
  );
  return (
    <fieldset>
      <legend>For whom</legend>
      <div class="segments">
        {radio(true, `All VENs (${names.length})`)}
        {radio(false, 'Some')}
      </div>
      {!isAll && (
        <div class={`field${wrong === undefined ? '' : ' field--wrong'}`}>
          <label for="event-ven">Add a VEN by name</label>
          <div class="add">
            <input
              id="event-ven"
              type="text"
              list="ven-names"
              autocomplete="off"
              aria-invalid={wrong !== undefined || undefined}
              aria-describedby={wrong === undefined ? undefined : 'event-ven-error'}
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
              onChange={add}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return;
                // Enter would send the form.
                event.preventDefault();
                add();
              }}
            />
            <button type="button" class="button" onClick={add}>
              Add
            </button>
          </div>
          {wrong !== undefined && (
            <p class="field-error" id="event-ven-error">
              {wrong}
            </p>
          )}
          <datalist id="ven-names">
            {names.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <ul class="chips">
            {chosen.map((name) => (
              <li key={name}>
                <button
                  type="button"
                  class="chip"
                  aria-label={`Leave out ${name}`}
                  onClick={() => onChange(chosen.filter((one) => one !== name))}
                >
                  {name} <span aria-hidden="true">×</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </fieldset>
  );
}

interface VenChoiceProps {
  readonly chosen: readonly string[];
  readonly onChange: (vens: readonly string[]) => void;
  readonly error: string | undefined;
}
