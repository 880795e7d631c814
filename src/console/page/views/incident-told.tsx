// Who was told of an incident, when, why, by which way, and what became of each message; and who was not, and why.

import type { Delivery, Told } from '../../../core/types.ts';
import { handedOver } from '../../../core/vocabulary.ts';
import type { Incident } from '../../api.ts';
import { channelName, receiver, roleHolders, roleName, stepText } from '../names.ts';
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
              {ladder.told(one, (id) => stepText(incident, id))}
            </p>
            <Deliveries told={one} open={incident.state !== 'closed'} />
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

/** Only what has reached somebody is ticked off: that a broker has it says nothing of people. */
function signOf(delivery: Delivery): string {
  return handedOver(delivery) === undefined ? signs[delivery.state] : '→';
}

/** A role with those who stand for it now; of what is long over nobody knows who it was. */
function receiverOf(one: Delivery, open: boolean): string {
  const holders = open && one.person === undefined && one.role !== undefined ? roleHolders(one.role) : [];
  return holders.length === 0
    ? receiver(one)
    : t('incident.toldRole', { role: receiver(one), names: holders.join(t('list.comma')) });
}

function Deliveries({ told, open }: { readonly told: Told; readonly open: boolean }) {
  if (told.skipped) return null;
  if (told.deliveries.length === 0) return <p class="soft">{t('incident.noDeliveries')}</p>;
  return (
    <ul class="plain-list">
      {told.deliveries.map((one) => (
        <li
          key={`${one.message} ${one.channel} ${one.person ?? one.role ?? ''}`}
          class={`delivery ${handedOver(one) === undefined ? one.state : 'handed'}`}
        >
          <span aria-hidden="true" class="delivery-sign">
            {signOf(one)}
          </span>
          <span dir="auto">
            {t('incident.toldTo', { name: receiverOf(one, open), channel: channelName(one.channel) })}:{' '}
            {ladder.delivery(one)} <time class="soft">{when(one.endedAt ?? one.at, now.value)}</time>
          </span>
        </li>
      ))}
    </ul>
  );
}
