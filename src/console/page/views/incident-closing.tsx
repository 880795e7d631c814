// The end of an incident: what is still missing before it can be closed, the fields that its plan asks for, and for one
// that is closed what was written.

import { useSignal } from '@preact/signals';
import type { Verdict } from '../../../core/types.ts';
import type { Incident } from '../../api.ts';
import { command } from '../api.ts';
import { isUnacknowledged, pointName } from '../names.ts';
import { Button } from '../parts/button.tsx';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Section } from '../parts/page.tsx';
import { toastReply } from '../parts/toast.tsx';
import { may, now, site } from '../state.ts';
import { nameOf, t, when, word } from '../words/index.ts';

const verdicts: readonly Verdict[] = ['real', 'false', 'test', 'maintenance'];
/** the rule of what a person raised: over when a person says so */
const byHand = 'by_hand';

export function Closing({ incident }: { readonly incident: Incident }) {
  if (incident.state === 'closed') return <Closed incident={incident} />;
  const plan = site.value?.plans.find((one) => one.id === incident.plan);
  const missing = missingOf(incident);
  const asking = useSignal(false);
  if (plan?.closing === 'itself' && missing.some((one) => one.kind === 'active'))
    return (
      <Section title={t('incident.closing')}>
        <p>{t('incident.closeWhenBack')}</p>
      </Section>
    );
  const needs = plan?.closing === 'itself' ? [] : (plan?.closingRequires ?? []);
  return (
    <Section title={t('incident.closing')}>
      {missing.length > 0 ? (
        <>
          <p>{t('incident.before')}</p>
          <ul class="missing">
            {missing.map(({ text }) => (
              <li key={text} dir="auto">
                {text}
              </li>
            ))}
          </ul>
        </>
      ) : may('close') ? (
        <Button
          kind="primary"
          big
          onPress={() => {
            asking.value = true;
          }}
        >
          {t('incident.closeNow')}
        </Button>
      ) : (
        <p>{t('card.mayNot')}</p>
      )}
      {asking.value && (
        <FormDialog
          title={t('incident.closeNow')}
          action={t('incident.closeNow')}
          onSubmit={async (fields) =>
            toastReply(await command('close', { incident: incident.id, ...fields }))
          }
          onClose={() => {
            asking.value = false;
          }}
        >
          <Field
            name="verdict"
            label={t('incident.verdict')}
            required={plan?.closing !== 'itself'}
            value=""
            choices={[
              ['', t('incident.choose')],
              ...verdicts.map((verdict) => [verdict, word.verdict(verdict)] as const),
            ]}
          />
          {(['cause', 'remedy', 'losses'] as const).map((field) => (
            <Field
              key={field}
              name={field}
              label={t(`incident.${field}`)}
              lines={2}
              required={needs.includes(field)}
              optional={!needs.includes(field)}
            />
          ))}
        </FormDialog>
      )}
    </Section>
  );
}

interface Missing {
  readonly kind: 'ack' | 'active' | 'latched' | 'step';
  readonly text: string;
}

/** What the daemon would refuse the closing for, said before anybody has filled anything in. */
function missingOf(incident: Incident): readonly Missing[] {
  const missing: Missing[] = [];
  if (isUnacknowledged(incident)) missing.push({ kind: 'ack', text: t('incident.before.ack') });
  const active = incident.drill ? [] : incident.signals.filter((one) => one.active && one.rule !== byHand);
  const names = (latched: boolean): string =>
    active
      .filter((one) => Boolean(one.latched) === latched)
      .map((one) => (one.point && pointName(one.point)) || one.subject || one.rule)
      .join(t('list.comma'));
  if (active.some((one) => !one.latched))
    missing.push({ kind: 'active', text: t('incident.before.active', { names: names(false) }) });
  if (active.some((one) => one.latched))
    missing.push({ kind: 'latched', text: t('incident.before.latched', { names: names(true) }) });
  for (const step of incident.steps)
    if (step.required && step.doneAt === undefined)
      missing.push({ kind: 'step', text: t('incident.before.step', { text: nameOf(step.text) }) });
  return missing;
}

function Closed({ incident }: { readonly incident: Incident }) {
  const rows = [
    [t('incident.verdict'), incident.verdict && word.verdict(incident.verdict)],
    [t('incident.cause'), incident.closingCause],
    [t('incident.remedy'), incident.remedy],
    [t('incident.losses'), incident.losses],
  ] as const;
  return (
    <Section title={t('incident.closing')}>
      {incident.closedAt !== undefined && (
        <p dir="auto">
          {t('incident.closedAs', {
            name: incident.closedBy ?? '–',
            time: when(incident.closedAt, now.value),
          })}
        </p>
      )}
      <dl class="facts">
        {rows.map(
          ([title, text]) =>
            text && (
              <div key={title}>
                <dt>{title}</dt>
                <dd dir="auto">{text}</dd>
              </div>
            ),
        )}
      </dl>
    </Section>
  );
}
