// What the sensors say: the first to come first, each with how it stands now and, where it is a number, a small picture
// of its last hour.

import type { Signal } from '../../../core/types.ts';
import type { Trend } from '../../../telemetry/types.ts';
import type { Incident, PointView } from '../../api.ts';
import { get } from '../api.ts';
import { namesIn, pointName } from '../names.ts';
import { Badge } from '../parts/badge.tsx';
import { Icon } from '../parts/icon.tsx';
import { useLoaded } from '../parts/loaded.ts';
import { Section } from '../parts/page.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { link } from '../router.ts';
import { now, points } from '../state.ts';

import { plural, reason, t, when } from '../words/index.ts';
import { stateWord, valueText } from './point-value.tsx';

export function Signals({ incident }: { readonly incident: Incident }) {
  const { signals } = incident;
  if (signals.length === 0) return null;
  return (
    <Section title={t('incident.signals')}>
      <ol class="signal-list">
        {signals.map((signal) => (
          <li key={`${signal.rule} ${signal.point ?? signal.subject ?? ''}`} class="signal">
            <One signal={signal} incident={incident} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function One({ signal, incident }: { readonly signal: Signal; readonly incident: Incident }) {
  const point = signal.point === undefined ? undefined : points.value.get(signal.point);
  return (
    <>
      <p class="signal-head">
        <Badge tone={signal.active ? 'strong' : 'plain'} shape={signal.active ? '●' : '○'}>
          {t(signal.active ? 'incident.signalActive' : 'incident.signalOver')}
        </Badge>
        {signal.latched && <Badge shape={<Icon name="lock" />}>{t('incident.signalLatched')}</Badge>}
        <time dateTime={signal.at}>{when(signal.at, now.value)}</time>
        {signal.count > 1 && <span>{plural('incident.times', signal.count)}</span>}
      </p>
      <p dir="auto">{reason(signal.because, namesIn(incident))}</p>
      {point && (
        <p class="signal-now">
          <a href={link('points', point.id)} dir="auto">
            {pointName(point.id)}
          </a>
          : {t('incident.valueNow', { value: point.value === null ? stateWord(point) : valueText(point) })}
        </p>
      )}
      {point?.type === 'number' && <Small point={point} />}
    </>
  );
}

function Small({ point }: { readonly point: PointView }) {
  const minute = Math.floor(now.value / 60_000);
  const [from, to] = [minute - 60, minute + 1].map((each) => new Date(each * 60_000).toISOString());
  const path = `/points/${encodeURIComponent(point.id)}/trend?from=${from}&to=${to}&most=120`;
  const { data } = useLoaded(() => get<Trend>(path).catch(() => undefined), `${point.id} ${minute}`);
  if (!data) return null;
  const limits = [point.alarmAbove, point.alarmBelow].filter((one) => one !== undefined);
  return <Sparkline trend={data} limits={limits} name={pointName(point.id) ?? point.id} />;
}
