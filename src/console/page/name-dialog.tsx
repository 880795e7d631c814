// Asks once who works here, where nobody is logged in: the name stands behind what is done.

import { signal } from '@preact/signals';
import { askNameBy } from './api.ts';
import { FormDialog } from './parts/dialog.tsx';
import { Field } from './parts/field.tsx';
import { personName, rememberName } from './preferences.ts';
import { t } from './words/index.ts';

const asking = signal<((name: string | undefined) => void) | undefined>(undefined);

/** The name that was given, or undefined where the person would not say. */
export function askForName(): Promise<string | undefined> {
  asking.value?.(undefined);
  return new Promise((resolve) => {
    asking.value = (name) => {
      asking.value = undefined;
      resolve(name);
    };
  });
}

askNameBy(askForName);

export function NameDialog() {
  const answer = asking.value;
  if (!answer) return null;
  return (
    <FormDialog
      title={t('name.title')}
      action={t('button.ok')}
      onSubmit={({ name = '' }) => {
        if (name === '') return false;
        rememberName(name);
        answer(name);
        return true;
      }}
      onClose={() => answer(undefined)}
    >
      <p>{t('name.why')}</p>
      <Field name="name" label={t('name.field')} value={personName.value} required autocomplete="name" />
    </FormDialog>
  );
}
