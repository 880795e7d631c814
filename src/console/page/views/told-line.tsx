// Who was told of an incident and when the next ones are, in one line: the same on the wall and at the head of the
// incident. Green only where somebody has acknowledged.

import { useComputed } from '@preact/signals';
import type { Incident } from '../../api.ts';
import { peopleOf, personName, roleName } from '../names.ts';
import { now } from '../state.ts';
import { type ToldSummary, toldSummary } from '../told-summary.ts';
import { span, t } from '../words/index.ts';

const signs: Readonly<Record<ToldSummary['state'], string>> = {
  heard: '✓',
  sending: '…',
  sent: '→',
  failed: '✕',
  held: '‖',
  nobody: '–',
};
const mostNames = 2;

export function ToldLine({ incident }: { readonly incident: Incident }) {
  const { state, to } = toldSummary(incident);
  const names = [...new Set(to.flatMap(namesOf))];
  const shown = names.slice(0, mostNames).join(t('list.comma'));
  const name =
    names.length > mostNames
      ? t('told.andMore', { names: shown, count: names.length, more: names.length - mostNames })
      : shown;
  return (
    <p class={`told-line ${state}`}>
      <span aria-hidden="true" class="told-sign">
        {signs[state]}
      </span>
      <bdi>{t(`told.${state}`, { name })}</bdi>
      <NextTelling incident={incident} />
    </p>
  );
}

/** People, where it is known who has the role just now. */
function namesOf({ person, role }: ToldSummary['to'][number]): readonly string[] {
  if (person !== undefined) return [personName(person)];
  if (role === undefined) return [];
  const people = peopleOf(role);
  return people.length > 0 ? people : [roleName(role)];
}

function NextTelling({ incident }: { readonly incident: Incident }) {
  const { nextTelling } = incident;
  const at = nextTelling === undefined ? undefined : Date.parse(nextTelling.at);
  // (drawn again when the words change, not with every second)
  const text = useComputed(() => {
    if (at === undefined) return '';
    const leftMs = at - now.value;
    return ` · ${leftMs <= 0 ? t('told.nextNow') : t('told.next', { span: roughly(leftMs) })}`;
  });
  return <>{text}</>;
}

/** Whole minutes but for the last one: a list that ticks everywhere is no calm one. */
function roughly(ms: number): string {
  return span(ms < 60_000 ? ms : Math.ceil(ms / 60_000) * 60_000);
}
