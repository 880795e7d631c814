// Words for the rows of an incident's report that its document and its CSV share: reasons in the reader's language with
// points by their names, roles. Decides no figures.

import { becauseIn } from '../core/because-words.ts';
import type { Language } from '../core/types.ts';
import { plain } from '../lib/width.ts';
import { textIn } from './document.ts';
import type { IncidentReport, TimelineRow } from './types.ts';
import { valueIn } from './words.ts';

/** A reason as this report's reader reads it. */
export type Reason = (because: string) => string;

/** Points, outputs and steps stand under their names, conditions in words. */
export function reasonsIn(
  { incident, signals, called = {}, steps }: IncidentReport,
  language: Language,
): Reason {
  const names = new Map<string, string>();
  for (const [id, name] of Object.entries(called)) names.set(id, textIn(name, language));
  for (const { about, aboutName } of [incident.firstCause, ...signals])
    if (about !== undefined && aboutName !== undefined) names.set(about, textIn(aboutName, language));
  const texts = new Map(steps.map(({ id, text }) => [id, textIn(text, language)]));
  return (because) =>
    becauseIn(because, language, {
      point: (id) => names.get(id),
      step: (id) => texts.get(id),
      incident: (id) => (id === incident.id ? textIn(incident.title, language) : undefined),
      inWords: true,
    });
}

/** What a row of the time line says beside who and when. */
export function whatHappened(
  { stepText, step, because, note }: TimelineRow,
  language: Language,
  reason: Reason,
): string {
  const about = stepText === undefined ? step : textIn(stepText, language);
  const why = reason(because);
  // (what the step says is an order, and is in the reason where that names it)
  const parts = about !== undefined && why.includes(about) ? [why] : [about, why];
  // (an automatic step's note is in its reason already)
  if (note !== undefined && !because.includes(note)) parts.push(`“${note}”`);
  return plain(parts.filter((part) => part !== undefined && part !== '').join(' · '));
}

export function rolesIn(roles: readonly string[], language: Language): string {
  return roles.map((role) => valueIn(language, role)).join(language === 'zh' ? '、' : ', ');
}
