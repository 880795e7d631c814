// Signs of life on the wall: when the gateway was last heard, how many sensors are watched, which lines and ways are up.
// Each says in words whether it is well. While nothing is heard none says that it is.

import type { StatusReport } from '../../../control/types.ts';
import { link } from '../router.ts';
import { clockState, connection, loaded, now, status } from '../state.ts';
import { sensors } from '../summary.ts';
import { clock, plural, span, t } from '../words/index.ts';
import { rows } from './wall-cards.tsx';

interface Vital {
  readonly id: string;
  readonly title: string;
  readonly value: string;
  readonly text: string;
  /** absent: neither well nor bad */
  readonly ok?: boolean;
  /** the view that says more */
  readonly more: string;
}

export function Vitals() {
  const { alive } = connection.value;
  return (
    <dl class="vitals" aria-label={t('vital.label')} style={{ '--rows': String(rows.value) }}>
      {vitals().map(({ id, title, value, text, ok, more }) => (
        <div key={id} class={`vital ${ok === false ? 'bad' : ok && alive ? 'good' : 'unsure'}`}>
          <dt>
            <a href={link(more)}>{title}</a>
          </dt>
          <dd>
            <span class="vital-value">
              <span aria-hidden="true" class="vital-sign">
                {signOf(ok, alive)}
              </span>
              {value}
            </span>
            <span class="vital-text">{text}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function signOf(ok: boolean | undefined, alive: boolean): string {
  if (ok === false) return '!';
  if (!alive) return '?';
  return ok ? '✓' : '–';
}

function vitals(): readonly Vital[] {
  const { alive, lastHeardMs } = connection.value;
  // (asked for with every second, so that the age grows on the screen)
  void now.value;
  const age = Date.now() - lastHeardMs;
  const heartbeat: Vital = {
    id: 'heartbeat',
    more: 'settings',
    title: t('vital.heartbeat'),
    value: lastHeardMs === 0 ? '–' : clock(alive ? now.value : lastHeardMs),
    text: lastHeardMs === 0 ? t('unknown') : age < 2000 ? t('time.now') : t('time.ago', { span: span(age) }),
    ok: alive,
  };
  const seen = sensors.value;
  const report = status.value;
  if (!loaded.value || !report) return [heartbeat];
  const up = report.buses.filter((bus) => bus.up).length;
  const channels = report.people?.channels ?? [];
  const channelsUp = channels.filter((channel) => channel.ok).length;
  const { mqtt, store } = report;
  return [
    heartbeat,
    {
      id: 'sensors',
      more: 'points',
      title: t('vital.sensors'),
      value: share(seen.watched - seen.unknown, seen.watched),
      text:
        [
          seen.unknown > 0 ? t('vital.sensors.unknown', { count: seen.unknown }) : '',
          seen.disabled > 0 ? t('vital.sensors.disabled', { count: seen.disabled }) : '',
        ]
          .filter((part) => part !== '')
          .join(' · ') || t('vital.sensors.good'),
      ok: seen.unknown === 0 && seen.disabled === 0,
    },
    {
      id: 'buses',
      more: 'buses',
      title: t('vital.buses'),
      value: share(up, report.buses.length),
      text: upText(up, report.buses.length),
      ok: up === report.buses.length,
    },
    {
      id: 'channels',
      more: 'contacts',
      title: t('vital.channels'),
      value: share(channelsUp, channels.length),
      text: channels.length === 0 ? t('vital.channels.none') : upText(channelsUp, channels.length),
      ok: channels.length > 0 && channelsUp === channels.length,
    },
    ...(mqtt ? [brokerOf(mqtt)] : []),
    {
      id: 'gateway',
      more: 'settings',
      title: t('vital.gateway'),
      value: store.ok && clockState.value === 'synced' ? t('vital.good') : t('vital.look'),
      text: !store.ok
        ? `${t('vital.store')}: ${t('vital.store.bad')}`
        : clockState.value === 'unsynced'
          ? `${t('vital.clock')}: ${t('vital.clock.unsynced')}`
          : t('vital.gateway.good'),
      ok: store.ok && clockState.value === 'synced',
    },
  ];
}

/** The broker in the gateway itself has nobody behind it, however well it is. */
function brokerOf({ url, connected, waiting }: NonNullable<StatusReport['mqtt']>): Vital {
  const tile = { id: 'centre', more: 'settings', title: t('vital.centre') };
  if (url === 'embedded' && connected)
    return { ...tile, value: t('vital.centre.own'), text: t('vital.centre.noneThere') };
  return {
    ...tile,
    value: connected ? t('vital.connected') : t('vital.notConnected'),
    text: waiting > 0 ? plural('vital.centre.waiting', waiting) : t('vital.centre.none'),
    ok: connected,
  };
}

function share(up: number, all: number): string {
  return all === 0 ? '0' : `${up}/${all}`;
}

function upText(up: number, all: number): string {
  return up === all ? t('vital.allUp', { all }) : t('vital.down', { count: all - up });
}
