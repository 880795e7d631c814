// Choosing a file from this machine. The browser's own field speaks the browser's language: it is there for keys and
// screen readers, and what is seen is a button with the page's words and the name of the file.

import type { Ref } from 'preact';
import { useState } from 'preact/hooks';
import { say } from './floors-words.ts';

export function FilePick(props: {
  readonly label: string;
  readonly field: Ref<HTMLInputElement>;
  readonly accept: string;
  readonly onPick?: () => unknown;
}) {
  const [name, setName] = useState<string | undefined>(undefined);
  return (
    <label class="field file-field">
      <span>{props.label}</span>
      <span class="file-pick">
        <input
          ref={props.field}
          type="file"
          class="hidden"
          accept={props.accept}
          onChange={(event) => {
            setName(event.currentTarget.files?.[0]?.name);
            props.onPick?.();
          }}
        />
        <span class="button plain">{say('chooseFile')}</span>
        <bdi class="file-name">{name ?? say('noFile')}</bdi>
      </span>
    </label>
  );
}
