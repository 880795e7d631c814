// The wall: how the premises stand in one look, that the watch is alive, and every open incident with a large button.
// Nothing here moves by itself but the clock: what is new takes a place of its own.

import { useEffect, useRef } from 'preact/hooks';
import '../styles/wall.css';
import { useSignal } from '@preact/signals';
import { command } from '../api.ts';
import { isUnacknowledged } from '../names.ts';
import { shapes } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { focusIfLost } from '../parts/page.tsx';
import { toastReply } from '../parts/toast.tsx';
import { link } from '../router.ts';
import { canBeFull, isFull, keepAwake, toggleFull } from '../screen.ts';
import { closed, connection, hushed, loaded, may, now } from '../state.ts';
import { ordered, type Summary, summary } from '../summary.ts';
import { nameOf, plural, t, when } from '../words/index.ts';
import { Cards } from './wall-cards.tsx';
import { SoundControl } from './wall-sound.tsx';
import { Vitals } from './wall-vitals.tsx';

export function WallPage() {
  useEffect(keepAwake, []);
  const title = t('wall.title');
  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title]);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => focusIfLost(heading.current), []);
  useEffect(() => {
    // For eyes at three metres: all of it larger, and no ways to elsewhere.
    document.documentElement.classList.toggle('wall-full', isFull.value);
    return () => document.documentElement.classList.remove('wall-full');
  }, [isFull.value]);
  return (
    <div class="wall">
      <h1 ref={heading} class="hidden" tabIndex={-1}>
        {title}
      </h1>
      <ToFirst />
      <Band />
      <Cards />
      <Vitals />
    </div>
  );
}

/** By the keyboard the large button is far behind the menu and the band. */
function ToFirst() {
  if (!ordered.value.some(isUnacknowledged) || !may('ack')) return null;
  return (
    <button
      type="button"
      class="button skip"
      onClick={() => document.querySelector<HTMLElement>('.card .ack')?.focus()}
    >
      {t('wall.toFirst')}
    </button>
  );
}

function Band() {
  const state = loaded.value ? summary.value : undefined;
  const tone = state === undefined || !connection.value.alive ? 'unknown' : state.tone;
  return (
    <section class={`band ${tone}`} aria-label={t('wall.stateLink', { state: '' }).replace(/[:：]\s*$/, '')}>
      <div class="band-state">
        <span class="band-sign" aria-hidden="true">
          {signOf(tone)}
        </span>
        <div class="band-words">
          <p class="band-head">{state ? headOf(state) : t('wall.waiting')}</p>
          <div class="band-text">{state && <BandText state={state} />}</div>
        </div>
      </div>
      <div class="band-actions">
        <SoundControl />
        {canBeFull && (
          <Button pressed={isFull.value} onPress={toggleFull}>
            <Icon name="full" /> {isFull.value ? t('screen.leave') : t('screen.full')}
          </Button>
        )}
        <SilenceAll />
      </div>
    </section>
  );
}

function signOf(tone: Summary['tone'] | 'unknown'): string {
  if (tone === 'quiet') return '✓';
  if (tone === 'drill') return '◎';
  return tone === 'unsure' || tone === 'unknown' ? '?' : shapes[tone];
}

function headOf({ tone, counts }: Summary): string {
  if (tone === 'quiet') return t('wall.quiet');
  if (tone === 'unsure') return t('wall.notSure');
  return (['alarm', 'supervisory', 'trouble', 'drill'] as const)
    .filter((what) => counts[what] > 0)
    .map((what) => plural(`wall.count.${what}`, counts[what]))
    .join(' · ');
}

/** One line: what to look at first, else what was last. */
function BandText({ state }: { readonly state: Summary }) {
  if (state.tone === 'quiet' && hushed.value.size > 0)
    return <span key="hushed">{t('hush.note', { count: hushed.value.size })}</span>;
  if (state.tone === 'quiet') {
    const last = [...closed.value.values()].pop();
    const text =
      last &&
      t('wall.latest', { title: nameOf(last.title), time: when(last.closedAt ?? last.openedAt, now.value) });
    // (keys: what is said of a quiet house is not moved to where something else stands now)
    return (
      <span key="quiet" dir="auto">
        {text ?? ''}
      </span>
    );
  }
  if (state.tone === 'unsure') return <>{plural('wall.unknownMany', state.unknown)}</>;
  const first = ordered.value.find(isUnacknowledged);
  if (!first) return <>{t('wall.allAcknowledged')}</>;
  return (
    <>
      <strong key="count">{t('wall.unacknowledged', { count: state.unacknowledged })}</strong>
      <span key="first" class="band-first">
        {t('wall.newest')}:{' '}
        <a href={link('incident', first.id)} dir="auto">
          {nameOf(first.title)}
        </a>
      </span>
    </>
  );
}

/** Sirens on site: there as long as one may sound, else its place is kept. */
function SilenceAll() {
  const asking = useSignal(false);
  const sounding = ordered.value.some((one) => !one.silenced && one.active);
  if (!may('silence')) return null;
  return (
    <>
      <Button
        disabled={!sounding}
        onPress={() => {
          asking.value = true;
        }}
      >
        <Icon name="sirenOff" /> {t('silence.all')}
      </Button>
      {asking.value && (
        <Confirm
          title={t('silence.title')}
          action={t('silence.all')}
          onYes={async () => toastReply(await command('silence'))}
          onClose={() => {
            asking.value = false;
          }}
        >
          <p>{t('silence.text')}</p>
        </Confirm>
      )}
    </>
  );
}
