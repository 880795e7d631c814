// One box to tick, as large as a finger with its words.

import { inOwnWords } from '../parts/field.tsx';

export function Check(props: { readonly name: string; readonly label: string; readonly required?: boolean }) {
  return (
    <label class="check">
      <input type="checkbox" name={props.name} required={props.required} {...inOwnWords} />
      <span>{props.label}</span>
    </label>
  );
}
