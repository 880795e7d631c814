// Who was told of an incident, when, why, by which way, and what became of each message; and who was not, and why.

import type { Delivery, Told } from '../../../core/types.ts';
import type { Incident } from '../../api.ts';
import { receiver, roleName } from '../names.ts';
import { Section } from '../parts/page.tsx';
import { now } from '../state.ts';
import { ladder, t, when } from '../words/index.ts';

export function ToldList({ incident }: { readonly incident: Incident }) {
  const told = incident.told ?? [];
  return (
    <Section title={t('incident.told')}>
      {told.length === 0 && <p class="empty">{t('incident.toldNobody')}</p>}
      <ol class="told-list">
        {told.map((one) => (
          <li key={one.number} class={one.skipped ? 'told skipped' : 'told'}>
            <p class="told-head">
              <time dateTime={one.at}>{when(one.at, now.value)}</time>{' '}
              <strong dir="auto">{one.roles.map(roleName).join(t('list.comma'))}</strong>
              {one.skipped && ` · ${t('incident.toldSkipped')}`}
            </p>
            <p class="soft" dir="auto">
              {ladder.told(one)}
            </p>
            <Deliveries told={one} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

const signs: Readonly<Record<Delivery['state'], string>> = {
  waiting: '…',
  delivered: '✓',
  failed: '✕',
  withdrawn: '↶',
  held: '‖',
};

function Deliveries({ told }: { readonly told: Told }) {
  if (told.skipped) return null;
  if (told.deliveries.length === 0) return <p class="soft">{t('incident.noDeliveries')}</p>;
  return (
    <ul class="plain-list">
      {told.deliveries.map((one) => (
        <li
          key={`${one.message} ${one.channel} ${one.person ?? one.role ?? ''}`}
          class={`delivery ${one.state}`}
        >
          <span aria-hidden="true" class="delivery-sign">
            {signs[one.state]}
          </span>
          <span dir="auto">
            {t('incident.toldTo', { name: receiver(one), channel: one.channel })}: {ladder.delivery(one)}{' '}
            <time class="soft">{when(one.endedAt ?? one.at, now.value)}</time>
          </span>
        </li>
      ))}
    </ul>
  );
}
