// What is filled in: a label that is always there, a hint below it, the field, and whether it must be filled in.

import { useId } from 'preact/hooks';
import { t } from '../words/index.ts';

export interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly required?: boolean;
  readonly value?: string;
  readonly type?: 'text' | 'password' | 'tel' | 'number' | 'date' | 'month' | 'search' | 'datetime-local';
  readonly autocomplete?: string;
  /** several lines */
  readonly lines?: number;
  /** choices by value; makes it a list to choose from */
  readonly choices?: readonly (readonly [value: string, text: string])[];
  readonly autofocus?: boolean;
  /** says at the label that nothing need be filled in */
  readonly optional?: boolean;
  readonly min?: string | number;
  readonly max?: string | number;
  readonly step?: string | number;
  readonly onInput?: (value: string) => void;
}

type Filled = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** What the browser would say of an empty field it says in its own language, not in the page's. */
export const inOwnWords = {
  onInvalid: ({ currentTarget: field }: { readonly currentTarget: Filled }): void => {
    field.setCustomValidity('');
    if (!field.validity.valid)
      field.setCustomValidity(t(field.validity.valueMissing ? 'required.missing' : 'required.wrong'));
  },
  onInput: ({ currentTarget: field }: { readonly currentTarget: Filled }): void =>
    field.setCustomValidity(''),
} as const;

export function Field(props: FieldProps) {
  const id = useId();
  const hint = `${id}-hint`;
  const common = {
    id,
    name: props.name,
    required: props.required,
    autofocus: props.autofocus,
    'aria-describedby': props.hint === undefined ? undefined : hint,
    onInvalid: inOwnWords.onInvalid,
    onInput: (event: { readonly currentTarget: Filled }) => {
      inOwnWords.onInput(event);
      props.onInput?.(event.currentTarget.value);
    },
  };
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {props.required && <span class="field-note"> · {t('required.field')}</span>}
        {props.optional && <span class="field-note"> · {t('optional.field')}</span>}
      </label>
      {props.hint !== undefined && (
        <p class="field-hint" id={hint}>
          {props.hint}
        </p>
      )}
      {props.choices ? (
        <select {...common}>
          {props.choices.map(([value, text]) => (
            <option key={value} value={value} selected={value === (props.value ?? '')}>
              {text}
            </option>
          ))}
        </select>
      ) : props.lines ? (
        <textarea
          {...common}
          rows={props.lines}
          maxLength={2000}
          dir="auto"
          defaultValue={props.value ?? ''}
        />
      ) : (
        <input
          {...common}
          // (the types know each kind of field apart, and here it is any of them)
          type={(props.type ?? 'text') as 'text'}
          maxLength={2000}
          min={props.min}
          max={props.max}
          step={props.step}
          autocomplete={props.autocomplete ?? 'off'}
          dir="auto"
          defaultValue={props.value ?? ''}
        />
      )}
    </div>
  );
}
