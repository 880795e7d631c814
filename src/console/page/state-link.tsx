// How the premises stand in a word or two, in the bar of every view, and the way to the wall. Always as large, whatever
// it says, so that nothing moves when it changes.

import { computed } from '@preact/signals';
import { shapes } from './parts/badge.tsx';
import { link } from './router.ts';
import { connection, session } from './state.ts';
import { summary } from './summary.ts';
import { plural, t } from './words/index.ts';

const said = computed(() => {
  const { tone, counts, unacknowledged } = summary.value;
  if (session.value?.role === undefined) return { tone: 'before-login', shape: '', text: '' };
  if (!connection.value.alive) return { tone: 'unknown', shape: '?', text: t('stale.title') };
  if (tone === 'quiet') return { tone, shape: '✓', text: t('wall.quiet') };
  if (tone === 'unsure') return { tone, shape: '?', text: t('unknown') };
  if (tone === 'drill') return { tone, shape: '◎', text: plural('wall.count.drill', counts.drill) };
  const text = plural(`wall.count.${tone}`, counts[tone]);
  return { tone, shape: shapes[tone], text, unacknowledged };
});

export function StateLink() {
  const { tone, shape, text, unacknowledged = 0 } = said.value;
  if (tone === 'before-login') return null;
  return (
    <a
      class={`state-link ${tone}${unacknowledged > 0 ? ' unacknowledged' : ''}`}
      href={link('wall')}
      aria-label={t('wall.stateLink', { state: text })}
    >
      <span aria-hidden="true">{shape}</span>
      <span>{text}</span>
    </a>
  );
}
