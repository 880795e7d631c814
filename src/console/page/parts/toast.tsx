// Short words on what has just been done or refused, under the bar and to screen readers. Refusals stay until they are
// taken away or others come; the rest goes by itself, and whatever lies under it can be pressed all the same.

import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Reply } from '../../api.ts';
import { failureText } from '../api.ts';
import { t } from '../words/index.ts';

interface Said {
  readonly number: number;
  readonly text: string;
  readonly bad: boolean;
}

const shown = signal<readonly Said[]>([]);
let count = 0;
const goesAfterMs = 4000;

export function toast(text: string, kind: 'good' | 'bad' = 'good'): void {
  const said = { number: ++count, text, bad: kind === 'bad' };
  shown.value = [...shown.value.slice(-2), said];
  if (kind === 'good') setTimeout(() => away(said.number), goesAfterMs);
}

export function toastFailure(error: unknown): void {
  if (!(error instanceof Error && error.name === 'ApiFailure')) console.error(error);
  toast(failureText(error), 'bad');
}

/** Says what came of a command; true where it was done. */
export function toastReply(reply: Reply): boolean {
  // (ids as people say them: `i3` of `i3_kdqv`)
  toast(reply.message.replace(/\b(i\d+)_[a-z0-9]+/g, '$1'), reply.ok ? 'good' : 'bad');
  return reply.ok;
}

function away(number: number): void {
  shown.value = shown.value.filter((said) => said.number !== number);
}

export function Toasts() {
  const box = useRef<HTMLDivElement>(null);
  // (the bar is higher on a phone, and while the line is dead)
  useLayoutEffect(() => {
    const bar = shown.value.length > 0 ? document.querySelector('.head') : null;
    if (bar) box.current?.style.setProperty('--head', `${bar.getBoundingClientRect().bottom}px`);
  }, [shown.value]);
  return (
    <div ref={box} class="toasts" role="status" aria-live="polite">
      {shown.value.map((said) => (
        <div key={said.number} class={said.bad ? 'toast bad' : 'toast'}>
          <span aria-hidden="true">{said.bad ? '✕' : '✓'}</span>
          <p dir="auto">{said.text}</p>
          {said.bad && (
            <button
              type="button"
              class="toast-away"
              aria-label={t('button.close')}
              onClick={() => away(said.number)}
            >
              ×
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
