// Logging in: name and password, nothing else. Says when it is locked and for how long, and leads back to where one was.

import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import '../styles/login.css';
import type { Session } from '../../api.ts';
import { ApiFailure, failureText, post } from '../api.ts';
import { Button } from '../parts/button.tsx';
import { fieldsOf } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Page } from '../parts/page.tsx';
import { go, route } from '../router.ts';
import { forgetAll, refreshSession, session, start } from '../state.ts';
import { span, t } from '../words/index.ts';
import { PanicKeys } from './panic.tsx';

/** the page's own clock; 0: not locked */
const lockedUntilMs = signal(0);

export function LoginPage() {
  const form = useRef<HTMLFormElement>(null);
  const failure = useSignal('');
  const visible = useSignal(false);
  const atMs = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      atMs.value = Date.now();
    }, 500);
    return () => clearInterval(timer);
  }, []);
  const leftMs = lockedUntilMs.value - atMs.value;
  const locked = leftMs > 0;
  const here = session.value;
  const logIn = async (): Promise<void> => {
    if (!form.current!.reportValidity()) return;
    const { name = '' } = fieldsOf(form.current!);
    // (a password may begin or end with a blank)
    const password = String(new FormData(form.current!).get('password') ?? '');
    failure.value = '';
    try {
      if (!session.value) await refreshSession();
      session.value = await post<Session>('/login', { name, password });
    } catch (error) {
      form.current!.querySelector<HTMLInputElement>('input[name=password]')!.value = '';
      if (error instanceof ApiFailure && error.retryAfterMs !== undefined) {
        lockedUntilMs.value = Date.now() + error.retryAfterMs;
        return;
      }
      failure.value =
        error instanceof ApiFailure && error.status === 401 ? t('login.wrong') : failureText(error);
      return;
    }
    forgetAll();
    go(route.value.query.back ?? 'wall', 'replace');
    await start();
  };
  return (
    <Page title={t('login.title')} class="login">
      {route.value.query.back !== undefined && here?.role === undefined && (
        <p class="soft">{t('login.ended')}</p>
      )}
      {here && !here.canLogIn && <p>{t('login.noUsers')}</p>}
      {here?.canLogIn !== false && (
        <form
          ref={form}
          class="login-form"
          onSubmit={(event) => {
            event.preventDefault();
            form.current!.querySelector<HTMLButtonElement>('.login-now')!.click();
          }}
          onKeyDown={(event) => {
            if (
              event.key === 'Enter' &&
              event.target instanceof HTMLInputElement &&
              event.target.type !== 'checkbox'
            ) {
              event.preventDefault();
              form.current!.querySelector<HTMLButtonElement>('.login-now')!.click();
            }
          }}
        >
          <Field name="name" label={t('login.name')} required autocomplete="username" />
          <Field
            name="password"
            label={t('login.password')}
            type={visible.value ? 'text' : 'password'}
            required
            autocomplete="current-password"
          />
          <label class="check">
            <input
              type="checkbox"
              onChange={(event) => {
                visible.value = event.currentTarget.checked;
              }}
            />
            {t('login.show')}
          </label>
          <p class="login-failure" role="alert">
            {locked ? lockedText(leftMs) : failure.value}
          </p>
          <Button kind="primary" big class="login-now" disabled={locked} onPress={logIn}>
            {t('login.do')}
          </Button>
        </form>
      )}
      <PanicKeys />
    </Page>
  );
}

function lockedText(leftMs: number): string {
  return t('login.locked', { span: span(Math.ceil(leftMs / 1000) * 1000) });
}
