// The frame around every view: how the premises stand, the clock, the menu, and above all the banner that says when the
// page is not alive. Knows the list of views, and none of them from inside.

import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Announcer } from './announcer.tsx';
import { sessionEnded } from './api.ts';
import { HushNote } from './hush-note.tsx';
import { MainLinks, Menu } from './menu.tsx';
import { NameDialog } from './name-dialog.tsx';
import { Button } from './parts/button.tsx';
import { Loading } from './parts/page.tsx';
import { Toasts } from './parts/toast.tsx';
import { link, route } from './router.ts';
import { Stale } from './stale.tsx';
import { clockState, connection, loaded, now, outdated, session } from './state.ts';
import { StateLink } from './state-link.tsx';
import { type View, views } from './views/index.ts';
import { clock, moment, nameOf, t } from './words/index.ts';

export function App() {
  const { name, parts } = route.value;
  const view = views.find((one) => one.name === name);
  const old = loaded.value && !connection.value.alive;
  useEffect(() => {
    scrollTo(0, 0);
  }, [name, parts[0]]);
  // Back in the browser, after a log-out or in a page that was left open: to the login, not to an empty view.
  const shut = session.value !== undefined && session.value.role === undefined && view?.open !== true;
  useEffect(() => {
    if (shut) sessionEnded();
  }, [shut, name]);
  return (
    <>
      <button type="button" class="button skip" onClick={() => document.getElementById('main')?.focus()}>
        {t('app.skip')}
      </button>
      <div class="head">
        <Stale />
        <header class={name === 'wall' ? 'top on-wall' : 'top'}>
          <a class="brand" href={link('wall')}>
            <span class="brand-premises" dir="auto">
              {session.value ? nameOf(session.value.premises.name) : t('app.name')}
            </span>
          </a>
          <StateLink />
          <HushNote />
          <MainLinks />
          <TopClock />
          <Menu />
        </header>
      </div>
      {outdated.value && (
        <div class="notice" role="status">
          <p>{t('app.outdated')}</p>
          <Button onPress={() => location.reload()}>{t('app.reload')}</Button>
        </div>
      )}
      <main id="main" tabIndex={-1} class={old ? 'old' : ''}>
        {view ? <Shown key={view.name} view={view} /> : <p class="empty">{t('app.notFound')}</p>}
      </main>
      <Announcer />
      <Toasts />
      <NameDialog />
    </>
  );
}

function TopClock() {
  if (!connection.value.alive) return <span class="top-clock">--:--:--</span>;
  return (
    <time class="top-clock" title={moment(now.value)}>
      {clock(now.value)}
      {clockState.value === 'unsynced' ? '~' : ''}
    </time>
  );
}

function Shown({ view }: { readonly view: View }) {
  const [Late, setLate] = useState<ComponentType | undefined>(undefined);
  const broken = useSignal(false);
  const { load } = view;
  useEffect(() => {
    let wanted = true;
    load?.().then(
      (page) => wanted && setLate(() => page),
      () => {
        broken.value = true;
      },
    );
    return () => {
      wanted = false;
    };
  }, [load]);
  const Now = view.page ?? Late;
  if (broken.value)
    return (
      <div class="empty" role="alert">
        <p>{t('app.broken')}</p>
        <Button onPress={() => location.reload()}>{t('app.reload')}</Button>
      </div>
    );
  return Now ? <Now /> : <Loading />;
}
