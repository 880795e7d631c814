// Signs for category, level and state: each with a shape and a word, so that the colour is never the only one.

import type { ComponentChildren } from 'preact';
import type { Category, Incident, Level } from '../../api.ts';
import { t, word } from '../words/index.ts';
import { Bars } from './icon.tsx';

/** as in the terminal */
export const shapes: Readonly<Record<Category, string>> = { alarm: '▲', supervisory: '◆', trouble: '■' };

export function CategoryBadge({ category }: { readonly category: Category }) {
  return (
    <Badge tone={category} shape={shapes[category]}>
      {word.category(category)}
    </Badge>
  );
}

const bars: Readonly<Record<Level, number>> = { general: 1, major: 2, urgent: 3 };

export function LevelBadge({ level }: { readonly level: Level }) {
  return (
    <Badge tone={level === 'urgent' ? 'strong' : 'plain'} shape={<Bars count={bars[level]} />}>
      {word.level(level)}
    </Badge>
  );
}

export function DrillBadge() {
  return (
    <Badge tone="drill" shape="◎">
      {t('drill.word')}
    </Badge>
  );
}

export function StateBadge({ incident }: { readonly incident: Pick<Incident, 'state'> }) {
  const shape = { unacknowledged: '!', acknowledged: '✓', returned: '▽', shelved: '‖', closed: '■' }[
    incident.state
  ];
  return (
    <Badge tone={incident.state === 'unacknowledged' ? 'strong' : 'plain'} shape={shape}>
      {word.state(incident.state)}
    </Badge>
  );
}

export type Tone = 'plain' | 'strong' | 'good' | 'drill' | Category;

export function Badge(props: {
  readonly tone?: Tone;
  readonly shape?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <span class={`badge ${props.tone ?? 'plain'}`}>
      {props.shape !== undefined && <span aria-hidden="true">{props.shape}</span>}
      <span>{props.children}</span>
    </span>
  );
}
