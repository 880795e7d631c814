// The plan's steps in their order: whose each is, how long there is left for it, and a tick with name, time and note.

import { useSignal } from '@preact/signals';
import type { StepRecord } from '../../../core/types.ts';
import { callBeside } from '../../../core/vocabulary.ts';
import type { Incident } from '../../api.ts';
import { command } from '../api.ts';
import { namesIn, numberName, roleName } from '../names.ts';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { Section } from '../parts/page.tsx';
import { toastReply } from '../parts/toast.tsx';
import { may, now, site } from '../state.ts';
import { nameOf, reason, span, t, when, word } from '../words/index.ts';

export function Steps({ incident }: { readonly incident: Incident }) {
  const { steps } = incident;
  const done = steps.filter((step) => step.doneAt !== undefined).length;
  const noting = useSignal<StepRecord | undefined>(undefined);
  const tick = async (step: StepRecord, note?: string): Promise<boolean> =>
    toastReply(await command('step', { incident: incident.id, step: step.id, note }));
  const canTick = incident.state !== 'closed' && may('step');
  return (
    <Section
      title={`${incident.state === 'closed' ? word.title('steps') : t('incident.steps')} · ${t('incident.stepsLeft', { done, all: steps.length })}`}
      class="steps"
    >
      {steps.length === 0 && <p class="empty">{t('incident.noSteps')}</p>}
      <ol class="step-list">
        {steps.map((step, index) => (
          <li key={step.id} class={stepClass(step)}>
            <span class="step-number" aria-hidden="true">
              {step.doneAt === undefined ? index + 1 : '✓'}
            </span>
            <div class="step-body">
              <p class="step-text" dir="auto">
                {nameOf(step.text)}
              </p>
              <p class="step-facts">
                {step.role !== undefined && <Badge>{roleName(step.role)}</Badge>}
                {step.required && step.doneAt === undefined && (
                  <Badge tone="strong" shape="!">
                    {t('incident.must')}
                  </Badge>
                )}
                <Limit step={step} />
                <Call step={step} />
              </p>
              {step.doneAt !== undefined && (
                <p class="step-done" dir="auto">
                  {step.doneBy === 'keepwatch'
                    ? t('incident.stepByItself', { time: when(step.doneAt, now.value) })
                    : t('incident.stepDone', {
                        name: step.doneBy ?? '',
                        time: when(step.doneAt, now.value),
                      })}{' '}
                  {step.note !== undefined && (
                    <q>{step.doneBy === 'keepwatch' ? reason(step.note, namesIn(incident)) : step.note}</q>
                  )}
                </p>
              )}
            </div>
            {canTick && step.doneAt === undefined && (
              <div class="step-act">
                <Button
                  kind="primary"
                  label={t('incident.stepTickOf', { text: nameOf(step.text) })}
                  onPress={() => tick(step)}
                >
                  <span aria-hidden="true">✓</span> {t('incident.stepTick')}
                </Button>
                <Button
                  label={t('incident.stepNoteOf', { text: nameOf(step.text) })}
                  onPress={() => {
                    noting.value = step;
                  }}
                >
                  <Icon name="note" /> {t('incident.stepNoteShort')}
                </Button>
              </div>
            )}
          </li>
        ))}
      </ol>
      {noting.value && (
        <FormDialog
          title={t('incident.stepTick')}
          action={t('incident.stepTick')}
          onSubmit={({ note }) => tick(noting.value!, note)}
          onClose={() => {
            noting.value = undefined;
          }}
        >
          <p dir="auto">{nameOf(noting.value.text)}</p>
          <Field name="note" label={t('do.optionalNote')} required lines={3} />
        </FormDialog>
      )}
    </Section>
  );
}

function stepClass({ doneAt, overdueAt, dueAt }: StepRecord): string {
  if (doneAt !== undefined) return 'step done';
  return overdueAt !== undefined || (dueAt !== undefined && Date.parse(dueAt) < now.value)
    ? 'step overdue'
    : 'step';
}

function Limit({ step }: { readonly step: StepRecord }) {
  const { dueAt, doneAt } = step;
  if (dueAt === undefined || doneAt !== undefined) return null;
  const leftMs = Date.parse(dueAt) - now.value;
  return leftMs > 0 ? (
    <Badge shape={<Icon name="clock" />}>{t('incident.left', { span: span(leftMs) })}</Badge>
  ) : (
    <Badge tone="alarm" shape={<Icon name="clock" />}>
      {t('incident.overdue', { span: span(-leftMs) })}
    </Badge>
  );
}

/** The number to dial, as a link where the device can dial, unless it is an id that nobody stands for. */
function Call({ step }: { readonly step: StepRecord }) {
  if (step.call === undefined) return null;
  const number = site.value?.numbers[step.call] ?? step.call;
  if (callBeside(number, '') === 'missing')
    return (
      <Badge tone="trouble" shape="!">
        {t('incident.callMissingOf', { name: numberName(step.call) })}
      </Badge>
    );
  return (
    <a class="step-call" href={`tel:${number.replace(/[^\d+#*]/g, '')}`}>
      <Icon name="phone" />

      {t('incident.call', { number })}
    </a>
  );
}
