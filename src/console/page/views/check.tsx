// One box to tick, as large as a finger with its words.

export function Check(props: { readonly name: string; readonly label: string; readonly required?: boolean }) {
  return (
    <label class="check">
      <input type="checkbox" name={props.name} required={props.required} />
      <span>{props.label}</span>
    </label>
  );
}
