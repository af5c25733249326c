import type { ComponentChildren } from 'preact';

export interface FieldIds {
  readonly id: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: true;
}

/** An input with its label, what is expected, and what is wrong with it. */
export function Field({ id, label, hint, error, children }: FieldProps) {
  const told = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`].filter((one) => one !== '');
  const ids: FieldIds = {
    id,
    ...(told.length === 0 ? {} : { 'aria-describedby': told.join(' ') }),
    ...(error === undefined ? {} : { 'aria-invalid': true }),
  };
  return (
    <div class={`field${error === undefined ? '' : ' field--wrong'}`}>
      <label for={id}>{label}</label>
      {children(ids)}
      {hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly children: (ids: FieldIds) => ComponentChildren;
}
