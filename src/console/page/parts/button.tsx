// Everything that is pressed: one look, one least size, and busy while it waits for the daemon.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { toastFailure } from './toast.tsx';

export interface ButtonProps {
  readonly children: ComponentChildren;
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly big?: boolean;
  readonly disabled?: boolean;
  readonly type?: 'button' | 'submit';
  /** said to those who can't see it, where the words on it are not enough */
  readonly label?: string;
  readonly pressed?: boolean;
  readonly class?: string;
  readonly id?: string;
  /** While a promise is under way the button is busy; what it throws is shown. */
  readonly onPress?: (event: MouseEvent) => unknown;
}

export function Button({ kind = 'plain', big = false, type = 'button', onPress, ...props }: ButtonProps) {
  const [busy, setBusy] = useState(false);
  const press = async (event: MouseEvent): Promise<void> => {
    if (busy) return;
    const doing = onPress?.(event);
    if (!(doing instanceof Promise)) return;
    setBusy(true);
    try {
      await doing;
    } catch (error) {
      toastFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type={type}
      id={props.id}
      class={`button ${kind}${big ? ' big' : ''} ${props.class ?? ''}`}
      disabled={props.disabled}
      aria-busy={busy}
      aria-label={props.label}
      aria-pressed={props.pressed}
      onClick={onPress && press}
    >
      {props.children}
    </button>
  );
}

/** Looks like a button and leads somewhere. */
export function ButtonLink(props: {
  readonly href: string;
  readonly children: ComponentChildren;
  readonly kind?: ButtonProps['kind'];
  readonly big?: boolean;
  readonly download?: boolean;
  readonly class?: string;
}) {
  return (
    <a
      class={`button ${props.kind ?? 'plain'}${props.big ? ' big' : ''} ${props.class ?? ''}`}
      href={props.href}
      download={props.download}
    >
      {props.children}
    </a>
  );
}
