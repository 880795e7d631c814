// Windows over the page: the browser's own <dialog>, which keeps the focus inside and gives it back. Escape and the
// cancel button close without doing anything; where something was written, Escape asks first.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../words/index.ts';
import { Button, type ButtonProps } from './button.tsx';

export function Dialog(props: {
  readonly title: string;
  readonly children: ComponentChildren;
  /** closed, by whatever way */
  readonly onClose: () => void;
  readonly class?: string;
  /** Escape: true keeps it open */
  readonly onEscape?: () => boolean;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = box.current!;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      if (dialog.open) dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class={`dialog ${props.class ?? ''}`}
      aria-labelledby={title}
      onClose={props.onClose}
      onCancel={(event) => {
        if (props.onEscape?.()) event.preventDefault();
      }}
    >
      <h2 id={title}>{props.title}</h2>
      {props.children}
    </dialog>
  );
}

/** A window with fields: what is filled in goes to `onSubmit`; it stays open until that has come true. */
export function FormDialog(props: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly action: string;
  readonly kind?: ButtonProps['kind'];
  /** true, or nothing: done, the window closes; false: it stays open */
  readonly onSubmit: (
    fields: Readonly<Record<string, string>>,
  ) => Promise<boolean | undefined> | boolean | undefined;
  readonly onClose: () => void;
}) {
  const form = useRef<HTMLFormElement>(null);
  // (what was written is thrown away by a second Escape, not by the first)
  const written = useRef(false);
  const [warned, warn] = useState(false);
  const keeps = (): boolean => {
    const keep = written.current && !warned;
    if (keep) warn(true);
    return keep;
  };
  const submit = async (): Promise<void> => {
    if (!form.current!.reportValidity()) return;
    if ((await props.onSubmit(fieldsOf(form.current!))) !== false) props.onClose();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose} onEscape={keeps}>
      <form
        ref={form}
        method="dialog"
        onInput={({ target }) => {
          if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement)
            written.current = target.value !== '';
        }}
        onSubmit={(event) => {
          event.preventDefault();
          (form.current!.querySelector('button.submit') as HTMLButtonElement).click();
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
          event.preventDefault();
          (form.current!.querySelector('button.submit') as HTMLButtonElement).click();
        }}
      >
        {props.children}
        {warned && (
          <p class="warn" role="alert">
            {t('dialog.unsaved')}
          </p>
        )}
        <div class="actions">
          <Button kind={props.kind ?? 'primary'} class="submit" onPress={submit}>
            {props.action}
          </Button>
          <Button onPress={props.onClose}>{t('button.cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** All fields by name, trimmed. */
export function fieldsOf(form: HTMLFormElement): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields[name] = value.trim();
  return fields;
}

/** Asks once more before something that can't be taken back. */
export function Confirm(props: {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly action: string;
  readonly kind?: ButtonProps['kind'];
  readonly onYes: () => unknown;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {props.children}
      <div class="actions">
        <Button
          kind={props.kind ?? 'danger'}
          onPress={async () => {
            await props.onYes();
            props.onClose();
          }}
        >
          {props.action}
        </Button>
        <Button onPress={props.onClose}>{t('button.cancel')}</Button>
      </div>
    </Dialog>
  );
}
