// What is kept of an incident as evidence: what its plan demands and what somebody added, who secured it, where it is.

import { useSignal } from '@preact/signals';
import type { Evidence as Piece } from '../../../core/types.ts';
import type { Incident } from '../../api.ts';
import { command } from '../api.ts';
import { Button } from '../parts/button.tsx';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Section } from '../parts/page.tsx';
import { toastReply } from '../parts/toast.tsx';
import { may, now } from '../state.ts';
import { nameOf, span, t, when } from '../words/index.ts';

export function Evidence({ incident }: { readonly incident: Incident }) {
  const pieces = incident.evidence ?? [];
  const open = incident.state !== 'closed';
  const asked = useSignal<Piece | 'new' | undefined>(undefined);
  if (pieces.length === 0 && !(open && may('evidence'))) return null;
  const piece = asked.value;
  const close = (): void => {
    asked.value = undefined;
  };
  return (
    <Section title={t('incident.evidence')}>
      <ul class="plain-list evidence-list">
        {pieces.map((one) => (
          <li key={one.id} class="evidence">
            <div>
              <p dir="auto">
                <span aria-hidden="true">{one.at === undefined ? '○' : '✓'} </span>
                {nameOf(one.text)}{' '}
                <span class="soft">{t('incident.evidenceKeep', { span: span(one.keepMs) })}</span>
              </p>
              {one.at !== undefined && (
                <p class="soft" dir="auto">
                  {t('incident.evidenceSecured', { name: one.by ?? '', time: when(one.at, now.value) })}
                  {one.note !== undefined && ' '}
                  {one.note !== undefined && <q>{one.note}</q>}
                </p>
              )}
            </div>
            {open && one.at === undefined && may('evidence') && (
              <Button
                label={t('incident.evidenceDoOf', { text: nameOf(one.text) })}
                onPress={() => {
                  asked.value = one;
                }}
              >
                {t('incident.evidenceDo')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {open && may('evidence') && (
        <Button
          onPress={() => {
            asked.value = 'new';
          }}
        >
          {t('incident.evidenceAdd')}
        </Button>
      )}
      {piece !== undefined && (
        <FormDialog
          title={
            piece === 'new'
              ? t('incident.evidenceAdd')
              : t('incident.evidenceDoOf', { text: nameOf(piece.text) })
          }
          action={t('button.save')}
          onSubmit={async ({ text, note }) =>
            toastReply(
              await command('evidence', {
                incident: incident.id,
                ...(piece === 'new' ? { text } : { evidence: piece.id }),
                note,
              }),
            )
          }
          onClose={close}
        >
          {piece === 'new' && <Field name="text" label={t('incident.evidenceWhat')} required />}
          <Field name="note" label={t('incident.evidenceWhere')} optional lines={2} />
        </FormDialog>
      )}
    </Section>
  );
}
