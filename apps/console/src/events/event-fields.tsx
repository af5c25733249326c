import type { FormChoices } from '@venfleet/console-api';
import { Field } from '../ui/field.js';
import { type Draft, KINDS, type Kind } from './event-draft.js';
import type { Mistakes } from './send-event.js';
import { VenChoice } from './ven-choice.js';
import { WhenFields } from './when-fields.js';

const KIND_NAMES: Readonly<Record<Kind, string>> = {
  shed: 'Shed a share',
  level: 'Level',
  setpoint: 'Set the load',
  delta: 'Change the load',
  limit: 'Limit the load',
  price: 'Price',
  alert: 'Alert',
};

/** Of those that are typed: what the input is called, and what is expected. */
const INPUTS: Readonly<Record<Exclude<Kind, 'level' | 'alert'>, { readonly label: string; readonly hint: string }>> = {
  shed: { label: 'Share', hint: 'Each VEN draws so much less than it would without the event: 20%.' },
  setpoint: { label: 'Load of each VEN', hint: 'Each VEN draws so much in all: 500kW.' },
  delta: { label: 'Change of each VEN', hint: 'Than when it begins; less with a minus: -200kW.' },
  limit: { label: 'Limit of each VEN', hint: 'No VEN draws more: 1MW.' },
  price: { label: 'Price of a kWh in each interval', hint: 'One or several, with commas between them: 0.10,0.35.' },
};

export interface FieldsProps {
  readonly draft: Draft;
  readonly change: (part: Partial<Draft>) => void;
  readonly mistakes: Mistakes;
}

export function EventFields({ draft, change, mistakes, choices, isNew }: EventFieldsProps) {
  return (
    <>
      <fieldset class="kinds">
        <legend>What</legend>
        <div class="segments">
          {KINDS.map((kind) => (
            <label key={kind} class="segment">
              <input type="radio" name="kind" value={kind} checked={draft.kind === kind} onChange={() => change({ kind })} />
              <span>{KIND_NAMES[kind]}</span>
            </label>
          ))}
        </div>
        <ValueField draft={draft} change={change} mistakes={mistakes} choices={choices} />
      </fieldset>
      <VenChoice chosen={draft.vens} onChange={(vens) => change({ vens })} error={mistakes.inputs.vens} />
      <WhenFields draft={draft} change={change} mistakes={mistakes} />
      <details class="more-fields">
        <summary>Name, program and more</summary>
        <MoreFields draft={draft} change={change} mistakes={mistakes} choices={choices} isNew={isNew} />
      </details>
    </>
  );
}

interface EventFieldsProps extends FieldsProps {
  readonly choices: FormChoices | undefined;
  readonly isNew: boolean;
}

function ValueField({ draft, change, mistakes, choices }: Omit<EventFieldsProps, 'isNew'>) {
  const { kind, values } = draft;
  const error = mistakes.inputs.value;
  const set = (value: string) => change({ values: { ...values, [kind]: value } });
  if (kind === 'level') {
    return (
      <Field id="event-value" label="Level" error={error} hint="Each site sheds as its own settings say.">
        {(ids) => (
          <select {...ids} value={values.level} onChange={(event) => set(event.currentTarget.value)}>
            <option value="0">0 – normal</option>
            <option value="1">1 – moderate</option>
            <option value="2">2 – high</option>
            <option value="3">3 – emergency</option>
          </select>
        )}
      </Field>
    );
  }
  if (kind === 'alert')
    return <AlertFields draft={draft} change={change} mistakes={mistakes} alerts={choices?.alerts ?? [values.alert]} />;
  const { label, hint } = INPUTS[kind];
  return (
    <Field id="event-value" label={label} error={error} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          type="text"
          inputMode={kind === 'shed' ? 'decimal' : 'text'}
          autocomplete="off"
          value={values[kind]}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

function AlertFields({ draft, change, mistakes, alerts }: FieldsProps & { readonly alerts: readonly string[] }) {
  return (
    <div class="pair">
      <Field id="event-value" label="Alert" error={mistakes.inputs.value}>
        {(ids) => (
          <select
            {...ids}
            value={draft.values.alert}
            onChange={(event) => change({ values: { ...draft.values, alert: event.currentTarget.value } })}
          >
            {alerts.map((alert) => (
              <option key={alert}>{alert}</option>
            ))}
          </select>
        )}
      </Field>
      <Field id="event-alert-text" label="What people shall read">
        {(ids) => (
          <input
            {...ids}
            type="text"
            value={draft.alertText}
            onInput={(event) => change({ alertText: event.currentTarget.value })}
          />
        )}
      </Field>
    </div>
  );
}

function MoreFields({ draft, change, mistakes, choices, isNew }: EventFieldsProps) {
  const text = (name: 'name' | 'program' | 'priority' | 'randomize' | 'interval', label: string, hint?: string) => (
    <Field id={`event-${name}`} label={label} hint={hint} error={mistakes.inputs[name]}>
      {(ids) => (
        <input
          {...ids}
          type="text"
          autocomplete="off"
          value={draft[name]}
          disabled={name === 'program' && !isNew}
          list={name === 'program' ? 'programs' : undefined}
          onInput={(event) => change({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      <datalist id="programs">
        {choices?.programs.map((program) => (
          <option key={program} value={program} />
        ))}
      </datalist>
      <div class="pair">
        {text('name', 'Name')}
        {text('program', 'Program', isNew ? 'It is made when it is missing.' : 'An event stays in its program.')}
      </div>
      <div class="pair">
        {text('priority', 'Priority', '0 is highest; lowest when empty.')}
        {text('randomize', 'Begin by chance within', 'Up to so much earlier or later: 5m.')}
      </div>
      {text('interval', 'Length of an interval', 'It is chosen to suit the reports when empty: 5m.')}
    </>
  );
}
