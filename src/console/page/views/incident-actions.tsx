// What may be done with an open incident now, as buttons: what makes no sense at this moment is not there, and what the
// daemon refuses all the same is said in its own words.

import { useSignal } from '@preact/signals';
import type { Incident, Level } from '../../api.ts';
import { address, command } from '../api.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { toastReply } from '../parts/toast.tsx';
import { language, may } from '../state.ts';
import { plural, t, word } from '../words/index.ts';

const levels: readonly Level[] = ['general', 'major', 'urgent'];

type Asked = 'note' | 'level' | 'shelve';

export function AckButton({ incident }: { readonly incident: Incident }) {
  if (!may('ack')) return <p class="card-note">{t('card.mayNot')}</p>;
  return (
    <Button
      kind="primary"
      big
      class="ack"
      onPress={async () => {
        toastReply(await command('ack', { incident: incident.id }));
      }}
    >
      <span>
        <span aria-hidden="true">✓ </span>
        {t('do.ack')}
      </span>
      <small>{t('incident.ackMeans')}</small>
    </Button>
  );
}

export function Actions({ incident }: { readonly incident: Incident }) {
  const asked = useSignal<Asked | undefined>(undefined);
  const run = async (verb: string, fields: Readonly<Record<string, unknown>> = {}): Promise<boolean> =>
    toastReply(await command(verb, { incident: incident.id, ...fields }));
  const higher = levels.slice(levels.indexOf(incident.level) + 1);
  const shelved = incident.shelvedUntilMs !== undefined || incident.state === 'shelved';
  const latched = incident.signals.some((signal) => signal.latched);
  const close = (): void => {
    asked.value = undefined;
  };
  const ask = (what: Asked) => (): void => {
    asked.value = what;
  };
  return (
    <div class="incident-actions">
      {may('note') && <Button onPress={ask('note')}>{t('do.note')}</Button>}
      {may('silence') && !incident.silenced && (
        <Button onPress={() => run('silence')}>{t('do.silence')}</Button>
      )}
      {may('reset') && latched && <Button onPress={() => run('reset')}>{t('do.reset')}</Button>}
      {may('level') && higher.length > 0 && <Button onPress={ask('level')}>{t('do.level')}</Button>}
      {may('shelve') && !shelved && <Button onPress={ask('shelve')}>{t('do.shelve')}</Button>}
      {may('unshelve') && shelved && <Button onPress={() => run('unshelve')}>{t('do.unshelve')}</Button>}
      {asked.value === 'note' && (
        <FormDialog
          title={t('do.note')}
          action={t('button.save')}
          onSubmit={({ text }) => run('note', { text })}
          onClose={close}
        >
          <Field name="text" label={t('do.noteText')} lines={4} required />
        </FormDialog>
      )}
      {asked.value === 'level' && (
        <FormDialog
          title={t('do.level')}
          action={t('do.level')}
          onSubmit={(fields) => run('level', fields)}
          onClose={close}
        >
          <p>{t('do.levelText')}</p>
          <Field
            name="level"
            label={t('do.levelTo')}
            choices={higher.map((level) => [level, word.level(level)] as const)}
            value={higher[0]!}
          />
          <Field name="note" label={t('do.reason')} optional lines={2} />
        </FormDialog>
      )}
      {asked.value === 'shelve' && (
        <FormDialog
          title={t('do.shelve')}
          action={t('do.shelve')}
          onSubmit={(fields) => run('shelve', fields)}
          onClose={close}
        >
          {incident.category === 'alarm' && <p class="warn">{t('do.shelveAlarm')}</p>}
          <p>{t('do.shelveText')}</p>
          <Field
            name="for"
            label={t('do.shelveFor')}
            value="30m"
            choices={[10, 30, 60, 240].map((count) => [`${count}m`, plural('sound.minutes', count)] as const)}
          />
          <Field name="reason" label={t('do.reason')} required lines={2} />
        </FormDialog>
      )}
    </div>
  );
}

export function Downloads({ incident }: { readonly incident: Incident }) {
  const report = (format: 'pdf' | 'md'): string =>
    address(`/incidents/${encodeURIComponent(incident.id)}/report?format=${format}&lang=${language.value}`);
  return (
    <>
      <Button onPress={() => print()}>{t('do.print')}</Button>
      <ButtonLink href={report('pdf')} download>
        {t('do.pdf')}
      </ButtonLink>
      <ButtonLink href={report('md')} download>
        {t('do.markdown')}
      </ButtonLink>
    </>
  );
}
