// Raising an incident by hand in two taps: the plan, then the large button; where, what and who found it can be said
// between the two and need not be. The most used stand first. Above all the panic key.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import '../styles/raise.css';
import type { PlanView } from '../../api.ts';
import { command } from '../api.ts';
import { shapes } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { fieldsOf } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Empty, Loading, Page } from '../parts/page.tsx';
import { toast, toastReply } from '../parts/toast.tsx';
import { store, stored } from '../preferences.ts';
import { go, link, route } from '../router.ts';
import { discreet, may, session, site } from '../state.ts';
import { nameOf, t, word } from '../words/index.ts';
import { PanicKeys } from './panic.tsx';
import { byUse, groups, matches } from './raise-groups.ts';

export function RaisePage() {
  const id = route.value.parts[0];
  const plan = id === undefined ? undefined : site.value?.plans.find((one) => one.id === id);
  if (!may('raise'))
    return (
      <Page title={t('raise.title')}>
        <PanicKeys />
        {session.value && <Empty>{t('raise.mayNot')}</Empty>}
      </Page>
    );
  if (!site.value)
    return (
      <Page title={t('raise.title')}>
        <PanicKeys />
        <Loading />
      </Page>
    );
  return plan ? <PlanForm key={plan.id} plan={plan} /> : <Choose plans={site.value.plans} />;
}

function Choose({ plans }: { readonly plans: readonly PlanView[] }) {
  const search = useSignal('');
  const counts = uses();
  const searched = search.value.trim() !== '';
  const found = plans.filter((plan) => matches(plan, search.value));
  return (
    <Page title={t('raise.title')} class="raise">
      <PanicKeys />
      <Field
        name="search"
        type="search"
        label={t('raise.search')}
        hint={t('raise.searchHint')}
        onInput={(value) => {
          search.value = value;
        }}
      />
      {searched ? (
        found.length === 0 ? (
          <Empty>{t('raise.none')}</Empty>
        ) : (
          <Plans title={t('raise.search')} plans={byUse(found, counts)} />
        )
      ) : (
        <>
          <Plans title={t('raise.usual')} plans={byUse(plans, counts).slice(0, 8)} />
          {groups(plans).map(([group, some]) => (
            <Plans key={group} title={t(`raise.group.${group}`)} plans={some} />
          ))}
        </>
      )}
    </Page>
  );
}

function Plans({ title, plans }: { readonly title: string; readonly plans: readonly PlanView[] }) {
  return (
    <section class="plan-group">
      <h2>{title}</h2>
      <ul class="plan-list">
        {plans.map((plan) => (
          <li key={plan.id}>
            <a class={`plan ${plan.category}`} href={link('raise', plan.id)}>
              <span class="plan-sign" aria-hidden="true">
                {shapes[plan.category]}
              </span>
              <span dir="auto">{nameOf(plan.title)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function PlanForm({ plan }: { readonly plan: PlanView }) {
  const title = nameOf(plan.title);
  const form = useRef<HTMLFormElement>(null);
  const levels = ['general', 'major', 'urgent'] as const;
  useEffect(() => {
    // The second tap is the large button, which is therefore where the focus is.
    form.current?.querySelector<HTMLElement>('.raise-now')?.focus({ preventScroll: true });
  }, []);
  const raise = async (): Promise<void> => {
    const reply = await command('raise', { plan: plan.id, ...fieldsOf(form.current!) });
    // (a robber may read the screen: no more than a calm word)
    if (plan.silent && reply.ok) toast(t('hush.noted'));
    else if (!toastReply(reply)) return;
    countUse(plan.id);
    go(
      typeof reply.incident === 'string' && !(plan.silent && discreet.value)
        ? `incident/${encodeURIComponent(reply.incident)}`
        : 'wall',
      'replace',
    );
  };
  return (
    <Page title={title} class="raise">
      {plan.description !== undefined && <p dir="auto">{nameOf(plan.description)}</p>}
      {plan.silent && <p>{t('raise.silent')}</p>}
      <form
        ref={form}
        class="raise-form"
        onSubmit={(event) => {
          event.preventDefault();
        }}
      >
        <Button kind="danger" big class="raise-now" onPress={raise}>
          <span aria-hidden="true">{shapes[plan.category]} </span>
          {t('raise.do', { title })}
        </Button>
        <Field
          name="zone"
          label={t('raise.where')}
          value=""
          choices={[
            ['', t('raise.wherePlease')],
            ...(site.value?.zones ?? []).map((zone) => [zone.id, nameOf(zone.name)] as const),
          ]}
        />
        <Field name="place" label={t('raise.place')} hint={t('raise.placeHint')} optional />
        <Field name="note" label={t('raise.note')} lines={2} optional />
        <Field name="finder" label={t('raise.finder')} hint={t('raise.finderHint')} optional />
        <Field name="phone" type="tel" label={t('raise.phone')} optional />
        <Field
          name="level"
          label={t('raise.level')}
          value=""
          choices={[
            ['', t('raise.levelPlan', { level: word.level(plan.level) })],
            ...levels.map((level) => [level, word.level(level)] as const),
          ]}
        />
        <Button onPress={() => go('raise')}>{t('button.back')}</Button>
      </form>
    </Page>
  );
}

/** How often each was raised in this browser. */
function uses(): Readonly<Record<string, number>> {
  try {
    const kept: unknown = JSON.parse(stored('raised') ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, number>) : {};
  } catch {
    return {};
  }
}

function countUse(id: string): void {
  const counts = uses();
  store('raised', JSON.stringify({ ...counts, [id]: (counts[id] ?? 0) + 1 }));
}
