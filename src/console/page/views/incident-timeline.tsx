// The course of an incident as the journal has it, from its opening on: when, what, why, by whom.

import type { Event, Incident } from '../../api.ts';
import { namesIn } from '../names.ts';
import { Section } from '../parts/page.tsx';
import { now } from '../state.ts';
import { nameOf, reason, span, t, when, word } from '../words/index.ts';
import { Downloads } from './incident-actions.tsx';

export function Timeline(props: { readonly incident: Incident; readonly events: readonly Event[] }) {
  const { incident, events } = props;
  const openedMs = Date.parse(incident.openedAt);
  return (
    <Section title={t('incident.timeline')} class="timeline" actions={<Downloads incident={incident} />}>
      <ol class="timeline-list">
        {events.map((event) => {
          const at = event.correctedAt ?? event.at;
          return (
            <li key={event.seq} class={`moment ${event.type.replace('.', '-')}`}>
              <span class="moment-time">
                <time dateTime={at}>
                  {when(at, now.value)}
                  {isSure(event) ? '' : '~'}
                </time>
                <span class="soft"> +{span(Math.max(0, Date.parse(event.at) - openedMs))}</span>
              </span>
              <strong>{word.event(event.type) ?? event.type}</strong>
              <span dir="auto">{saying(event, incident)}</span>
            </li>
          );
        })}
      </ol>
      {!events.every(isSure) && <p class="soft">{t('incident.unsure')}</p>}
    </Section>
  );
}

function saying(event: Event, incident: Incident): string {
  const { because, note, by } = event;
  const step = event.step === undefined ? undefined : incident.steps.find((one) => one.id === event.step);
  const names = namesIn(incident);
  // (its words are an order: here they are what was not done)
  if (step && event.type === 'incident.escalated')
    return t('incident.overdueStep', { text: nameOf(step.text) });
  // The step's own words say more than the reason, which names it by its id.
  if (step) {
    const proof = /^step \S+ done by itself: (.*)$/s.exec(because)?.[1];
    const rest = proof === undefined ? [by, note] : [t('incident.itself'), reason(proof, names)];
    return [nameOf(step.text), ...rest].filter((part) => part !== undefined).join(' · ');
  }
  const parts = because === '' ? [] : [reason(because, names)];
  if (note !== undefined && !because.includes(note)) parts.push(`“${note}”`);
  if (by !== undefined && !because.includes(`by ${by}`)) parts.push(by);
  return parts.join(' · ');
}

/** Was the time right when it was written, or is it known by now? */
function isSure({ clock, correctedAt }: Event): boolean {
  return clock === 'synced' || correctedAt !== undefined;
}
