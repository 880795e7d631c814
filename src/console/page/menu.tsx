// The ways to all views, and what one sets for oneself: language, colours, name, login. The most used stand in the bar
// (on a phone at the foot, within reach of the thumb), the others in the menu.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { post } from './api.ts';
import { askForName } from './name-dialog.tsx';
import { Button, ButtonLink } from './parts/button.tsx';
import { Icon } from './parts/icon.tsx';
import { toast } from './parts/toast.tsx';
import { chooseLanguage, chooseTheme, language, personName, type Theme, theme } from './preferences.ts';
import { go, link, route } from './router.ts';
import { forgetAll, refreshSession, session } from './state.ts';
import { views } from './views/index.ts';
import { nameOf, t } from './words/index.ts';

export function MainLinks() {
  return (
    <nav class="main-links" aria-label={t('nav.label')}>
      {views
        .filter((view) => view.main && view.nav)
        .map((view) => (
          <a
            key={view.name}
            href={link(view.name)}
            aria-current={route.value.name === view.name ? 'page' : undefined}
          >
            {t(view.nav!)}
          </a>
        ))}
    </nav>
  );
}

export function Menu() {
  const open = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  const { path } = route.value;
  useEffect(() => {
    open.value = false;
  }, [path]);
  useEffect(() => {
    const away = (event: Event): void => {
      if (
        event instanceof KeyboardEvent ? event.key === 'Escape' : !box.current?.contains(event.target as Node)
      ) {
        if (open.value && event instanceof KeyboardEvent) box.current?.querySelector('button')?.focus();
        open.value = false;
      }
    };
    addEventListener('pointerdown', away);
    addEventListener('keydown', away);
    return () => {
      removeEventListener('pointerdown', away);
      removeEventListener('keydown', away);
    };
  }, []);
  return (
    <div class="menu" ref={box}>
      <button
        type="button"
        class="button quiet menu-button"
        aria-expanded={open.value}
        aria-controls="menu-panel"
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <Icon name="menu" /> {t('app.more')}
      </button>
      <div id="menu-panel" class="menu-panel" hidden={!open.value}>
        {open.value && <Panel />}
      </div>
    </div>
  );
}

const themes: readonly Theme[] = ['auto', 'dark', 'light'];

function Panel() {
  const here = session.value;
  const { user } = here ?? {};
  return (
    <>
      <nav aria-label={t('app.more')}>
        <ul class="menu-list">
          {views
            .filter((view) => view.nav)
            .map((view) => (
              <li key={view.name} class={view.main ? 'main' : ''}>
                <a href={link(view.name)} aria-current={route.value.name === view.name ? 'page' : undefined}>
                  {t(view.nav!)}
                </a>
              </li>
            ))}
        </ul>
      </nav>
      <div class="menu-own">
        <Button onPress={() => chooseLanguage(language.value === 'zh' ? 'en' : 'zh')}>
          <span lang={language.value === 'zh' ? 'en' : 'zh-CN'}>{t('language.other')}</span>
        </Button>
        <fieldset class="choice">
          <legend>{t('theme.label')}</legend>
          {themes.map((one) => (
            <Button key={one} pressed={theme.value === one} onPress={() => chooseTheme(one)}>
              {t(`theme.${one}`)}
            </Button>
          ))}
        </fieldset>
        {user ? (
          <>
            <p dir="auto">{t('person.as', { name: nameOf(user.name) })}</p>
            <Button onPress={logOut}>{t('nav.logout')}</Button>
          </>
        ) : (
          <>
            {personName.value !== '' && (
              <>
                <p dir="auto">{t('person.as', { name: personName.value })}</p>
                <Button onPress={askForName}>{t('person.change')}</Button>
              </>
            )}
            {here?.canLogIn && (
              <ButtonLink kind="primary" href={`#/login?back=${encodeURIComponent(route.value.path)}`}>
                {t('nav.login')}
              </ButtonLink>
            )}
          </>
        )}
      </div>
    </>
  );
}

async function logOut(): Promise<void> {
  await post('/logout');
  forgetAll();
  await refreshSession();
  toast(t('login.out'));
  go('login');
}
