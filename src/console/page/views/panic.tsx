// The panic key: held for a second, or pressed twice, it raises its plan without a name or a login. Where that fails it
// says so in the largest letters there are, and whom to call. That of a silent plan says all of it in small: whoever threatens
// may be looking.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { panic } from '../api.ts';
import { isSilentPlan } from '../hush.ts';
import { planName } from '../names.ts';
import { Icon } from '../parts/icon.tsx';
import { session, site } from '../state.ts';
import { nameOf, t } from '../words/index.ts';

const holdMs = 1000;
const sureMs = 5000;

export function PanicKeys() {
  const plans = session.value?.panicPlans ?? [];
  if (plans.length === 0) return null;
  return (
    <section class="panic" aria-label={t('panic.title')}>
      <div class="panic-keys">
        {plans.map((plan) => (
          <PanicKey key={plan} plan={plan} />
        ))}
      </div>
      <p>{t('panic.text')}</p>
    </section>
  );
}

function PanicKey({ plan }: { readonly plan: string }) {
  const state = useSignal<'rest' | 'held' | 'sure' | 'sending' | 'sent' | 'failed'>('rest');
  const said = useSignal('');
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const title = titleOf(plan);
  const silent = isSilentPlan(plan, site.value);
  const send = async (): Promise<void> => {
    clearTimeout(timer.current);
    if (state.value === 'sending') return;
    state.value = 'sending';
    try {
      const reply = await panic(plan, session.value?.zone);
      state.value = reply.ok ? 'sent' : 'failed';
      said.value = reply.ok
        ? silent
          ? t('hush.noted')
          : t('panic.sent', { id: String(reply.incident ?? '').split('_')[0]! })
        : silent
          ? t('hush.failed')
          : `${t('panic.failed')} ${reply.message}`;
    } catch {
      state.value = 'failed';
      said.value = t(silent ? 'hush.failed' : 'panic.failed');
    }
    timer.current = setTimeout(() => {
      if (state.value === 'sent') state.value = 'rest';
    }, 10_000);
  };
  const hold = (): void => {
    if (state.value === 'sending') return;
    if (state.value === 'rest' || state.value === 'sent' || state.value === 'failed') state.value = 'held';
    clearTimeout(timer.current);
    timer.current = setTimeout(send, holdMs);
  };
  // Let go too early: a second press is as good as holding.
  const letGo = (): void => {
    if (state.value !== 'held') return;
    askAgain();
  };
  const askAgain = (): void => {
    clearTimeout(timer.current);
    state.value = 'sure';
    timer.current = setTimeout(() => {
      state.value = 'rest';
    }, sureMs);
  };
  return (
    <div class={`panic-key ${state.value}${silent ? ' silent' : ''}`}>
      <button
        type="button"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          if (state.value === 'sure') void send();
          else hold();
        }}
        onPointerUp={letGo}
        onPointerCancel={letGo}
        onPointerLeave={letGo}
        onContextMenu={(event) => event.preventDefault()}
        onClick={(event) => {
          // (`detail` is 0 where it was a key, or a screen reader)
          if (event.detail !== 0) return;
          if (state.value === 'sure') void send();
          else askAgain();
        }}
      >
        <span class="panic-title">
          <Icon name="warning" />
          {title}
        </span>
        <span class="panic-how">
          {state.value === 'sure' ? t('panic.sure') : t('panic.hold')}
          <span class="hidden"> {t('panic.byKeys')}</span>
        </span>
        <span class="panic-fill" aria-hidden="true" />
      </button>
      <p class="panic-said" {...(!silent && { role: 'alert' })}>
        {state.value === 'sent' || state.value === 'failed' ? said.value : ''}
      </p>
      {state.value === 'failed' && !silent && (
        <a class="panic-call" href="tel:110">
          <Icon name="phone" />
          {t('panic.call')}
        </a>
      )}
    </div>
  );
}

/** Before a login there is no list of plans: these two have their names here. */
function titleOf(plan: string): string {
  const known = planName(plan);
  if (known !== plan) return known;
  if (plan === 'personal-attack') return t('panic.attack');
  if (plan === 'robbery') return t('panic.robbery');
  return nameOf(plan);
}
