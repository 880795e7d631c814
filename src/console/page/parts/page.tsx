// The frame of a view: its heading, what can be done there, and what stands there while there is nothing or not yet.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../words/index.ts';
import { Button } from './button.tsx';

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
  return (
    <div class={`page ${props.class ?? ''}`}>
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
