// Says to screen readers what is new: a new incident at once, and that all is quiet again. Not seen by eyes.

import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { isSilentPlan } from './hush.ts';
import { hushed, incidents, loaded, site } from './state.ts';
import { nameOf, t, word } from './words/index.ts';

export function Announcer() {
  const text = useSignal('');
  const known = useRef<ReadonlySet<string> | undefined>(undefined);
  useSignalEffect(() => {
    const open = incidents.value;
    if (!loaded.value) return;
    const before = known.current;
    known.current = new Set(open.keys());
    const secret = hushed.peek().size;
    if (before === undefined) return;
    const fresh = [...open.values()].filter((one) => !before.has(one.id));
    if (fresh.length > 0)
      text.value = fresh
        .slice(0, 3)
        .map((one) =>
          // (what is read aloud is heard by others: no more than the calm word)
          isSilentPlan(one.plan, site.peek())
            ? t('hush.note', { count: 1 })
            : t('announce.new', {
                category: one.drill ? t('drill.word') : word.category(one.category),
                title: nameOf(one.title),
              }),
        )
        .join('. ');
    else if (open.size === 0 && secret === 0 && before.size > 0) text.value = t('announce.quiet');
  });
  return (
    <div class="hidden" aria-live="assertive" role="alert">
      {text.value}
    </div>
  );
}
