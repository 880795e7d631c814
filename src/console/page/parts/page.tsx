// The frame of a view: its heading, what can be done there, and what stands there while there is nothing or not yet.

import { useComputed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { now, session } from '../state.ts';
import { moment, nameOf, t } from '../words/index.ts';
import { Button } from './button.tsx';

let moved = false;
addEventListener('hashchange', () => {
  moved = true;
});

/** Whoever came here by a link that is gone now would begin at the top of the page; they begin at the heading. */
export function focusIfLost(heading: HTMLElement | null): void {
  const { activeElement } = document;
  if (moved && (activeElement === null || activeElement === document.body))
    heading?.focus({ preventScroll: true });
}

export function Page(props: {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · ${t('app.name')}`;
  }, [props.title]);
  useEffect(() => focusIfLost(heading.current), []);
  return (
    <div class={`page ${props.class ?? ''}`}>
      <PrintHead />
      <header class="page-head">
        <h1 ref={heading} tabIndex={-1} dir="auto">
          {props.title}
        </h1>
        {props.actions && <div class="actions">{props.actions}</div>}
      </header>
      {props.children}
    </div>
  );
}

/** On paper only: of which premises it is, and when it was printed. */
function PrintHead() {
  const text = useComputed(() =>
    session.value ? `${nameOf(session.value.premises.name)} · ${t('app.printed')} ${moment(now.value)}` : '',
  );
  return (
    <p class="print-head" aria-hidden="true">
      {text}
    </p>
  );
}

export function Section(props: {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string;
}) {
  return (
    <section class={`section ${props.class ?? ''}`}>
      <div class="section-head">
        <h2>{props.title}</h2>
        {props.actions && <div class="actions">{props.actions}</div>}
      </div>
      {props.children}
    </section>
  );
}

/** Where there is nothing to show: says so in words. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export function Loading() {
  return (
    <p class="empty" role="status">
      {t('app.loading')}
    </p>
  );
}

/** What could not be fetched, and a way to try again. */
export function Failed(props: { readonly message: string; readonly onRetry: () => unknown }) {
  return (
    <div class="empty" role="alert">
      <p>{props.message}</p>
      <Button onPress={props.onRetry}>{t('button.retry')}</Button>
    </div>
  );
}
