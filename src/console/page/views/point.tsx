// One point: what it says now, its limits, its trend with the times when nothing was known, the incidents that named
// it, and taking it out of service. The chart comes in a chunk of its own, once somebody looks.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Trend } from '../../../telemetry/types.ts';
import type { Incident, IncidentsPage, PointView } from '../../api.ts';
import { get } from '../api.ts';
import { isSilentPlan } from '../hush.ts';
import {
  Button,
  ButtonLink,
  CategoryBadge,
  Empty,
  Loading,
  Page,
  Section,
  StateBadge,
  useLoaded,
} from '../parts/index.ts';
import { link } from '../router.ts';
import { discreet, incidents, loaded, now, points, session, site, status, theme } from '../state.ts';
import { clock, moment, nameOf, when } from '../words/index.ts';
import { say } from './equipment-words.ts';
import { kindName } from './kind-name.ts';
import { Ago } from './moments.tsx';
import { pastPath, trendPath } from './paths.ts';
import { PointBadge, stateWord, valueText } from './point-value.tsx';
import { ServiceButton } from './service.tsx';
import { percentOf, rounded, stepsOf, summaryOf } from './trend-figures.ts';

const hourMs = 3_600_000;
const ranges = [
  ['hour', hourMs],
  ['day', 24 * hourMs],
  ['week', 168 * hourMs],
  ['month', 720 * hourMs],
] as const;
type RangeName = (typeof ranges)[number][0];

export function PointPage({ id }: { readonly id: string }) {
  const point = points.value.get(id);
  const back = <ButtonLink href={link('points')}>{say('back')}</ButtonLink>;
  if (!point)
    return (
      <Page title={say('point')} actions={back}>
        {loaded.value && points.value.size > 0 ? (
          <Empty>
            <bdi>{say('notThere', { id })}</bdi> {say('notThereMore')}
          </Empty>
        ) : (
          <Loading />
        )}
      </Page>
    );
  return (
    <Page
      title={nameOf(point.name)}
      class="point-page"
      actions={
        <>
          <ServiceButton point={point} />
          {back}
        </>
      }
    >
      <Now point={point} />
      <Section title={say('trend')} class="trend-section">
        {point.type === 'number' ? <TrendOf key={id} point={point} /> : <Empty>{say('trendNoNumber')}</Empty>}
      </Section>
      <Section title={say('incidentsOf')}>
        <Named id={id} key={id} />
      </Section>
    </Page>
  );
}

function Now({ point }: { readonly point: PointView }) {
  const zone = site.value?.zones.find(({ id }) => id === point.zone);
  const device = site.value?.devices.find(({ id }) => id === point.device);
  const disabled =
    point.disabled &&
    status.value?.disabled.find(({ of, id }) => of === point.disabled!.of && id === point.disabled!.id);
  const limits = limitsOf(point);
  return (
    <>
      <div class="point-now">
        {/* (a contact's value is the word of its state) */}
        {valueText(point) !== stateWord(point) && (
          <p class="point-now-value" dir="auto">
            {valueText(point)}
          </p>
        )}
        <PointBadge point={point} />
      </div>
      {point.disabled && (
        <p class="remark">
          <bdi>{point.disabled.reason}</bdi>
          {disabled && (
            <>
              {' · '}
              {say('by')} <bdi>{disabled.by}</bdi> · {say('since')} {moment(disabled.at)}
              {disabled.until && ` · ${say('until')} ${moment(disabled.until)}`}
            </>
          )}
        </p>
      )}
      <dl class="about">
        <Fact name={say('changed')}>
          {point.at === undefined ? (
            say('neverRead')
          ) : (
            <>
              <Ago at={point.at} /> · {moment(point.at)}
            </>
          )}
        </Fact>
        {limits.length > 0 && <Fact name={say('limits')}>{limits.map(({ text }) => text).join(' · ')}</Fact>}
        <Fact name={say('zone')}>
          <bdi>{zone ? nameOf(zone.name) : (point.zone ?? '–')}</bdi>
        </Fact>
        <Fact name={say('device')}>
          <bdi>{nameOf(device?.name ?? point.device)}</bdi>
        </Fact>
        <Fact name={say('bus')}>
          <bdi>{point.bus}</bdi>
        </Fact>
        {point.kind && <Fact name={say('kind')}>{kindName(point.kind)}</Fact>}
        {point.exercisedAt && (
          <Fact name={say('exercised')}>
            <Ago at={point.exercisedAt} /> · {moment(point.exercisedAt)}
          </Fact>
        )}
        <Fact name={say('id')}>
          <bdi class="mono">{point.id}</bdi>
        </Fact>
      </dl>
    </>
  );
}

function Fact(props: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function limitsOf(point: PointView): { value: number; text: string }[] {
  const unit = point.unit ? ` ${point.unit}` : '';
  return [
    ...(point.alarmAbove === undefined
      ? []
      : [{ value: point.alarmAbove, text: say('above', { value: `${point.alarmAbove}${unit}` }) }]),
    ...(point.alarmBelow === undefined
      ? []
      : [{ value: point.alarmBelow, text: say('below', { value: `${point.alarmBelow}${unit}` }) }]),
  ];
}

function TrendOf({ point }: { readonly point: PointView }) {
  const [range, choose] = useState<RangeName>('day');
  const spanMs = ranges.find(([name]) => name === range)![1];
  const { data, failure, again } = useLoaded(async () => {
    const toMs = now.value;
    return { trend: await get<Trend>(trendPath(point.id, toMs - spanMs, toMs, 300)), range };
  }, range);
  // a minute is a sample: no need to ask more often
  useEffect(() => {
    const timer = setInterval(() => void again(), 60_000);
    return () => clearInterval(timer);
  }, [again]);
  const name = nameOf(point.name);
  const trend = data?.range === range ? data.trend : undefined;
  return (
    <>
      <fieldset class="choice">
        <legend>{say('range')}</legend>
        {ranges.map(([each]) => (
          <Button key={each} pressed={each === range} onPress={() => choose(each)}>
            {say(each)}
          </Button>
        ))}
      </fieldset>
      {trend ? (
        <Drawn
          trend={trend}
          point={point}
          caption={say('trendOf', { name, range: say(range) })}
          long={spanMs > 24 * hourMs}
        />
      ) : failure !== undefined ? (
        <Empty>
          {say('trendFailed', { why: failure })} <Button onPress={again}>{say('trend')}</Button>
        </Empty>
      ) : (
        <div class="chart chart-wait">
          <Loading />
        </div>
      )}
    </>
  );
}

function Drawn(props: {
  readonly trend: Trend;
  readonly point: PointView;
  readonly caption: string;
  /** longer than a day: moments with their date */
  readonly long: boolean;
}) {
  const { trend, point, caption, long } = props;
  const sums = summaryOf(trend);
  if (sums.known === 0) return <Empty>{say('trendNone')}</Empty>;
  const unit = trend.unit ? ` ${trend.unit}` : '';
  const value = (given: number | null): string => (given === null ? '–' : `${rounded(given)}${unit}`);
  const at = (ms: number): string => (long ? moment(ms).slice(5, 16) : clock(ms).slice(0, 5));
  const summary = say('trendSummary', {
    min: value(sums.min),
    max: value(sums.max),
    last: value(sums.last),
    unknown: percentOf(sums.unknownShare),
  });
  return (
    <figure class="trend">
      <figcaption>
        <strong>
          <bdi>{caption}</bdi>
        </strong>
        <span>{summary}</span>
        <span class="soft">{say('trendLegend')}</span>
        {trend.unsynced.length > 0 && <span class="warn">{say('trendUnsynced')}</span>}
      </figcaption>
      <Chart trend={trend} point={point} label={`${caption}. ${summary}`} at={at} />
      <details class="folded">
        <summary>{say('trendTable')}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keyboard too */}
        <section class="scrolls" tabIndex={0} aria-label={say('trendTable')}>
          <table class="plain-table">
            <caption class="hidden">{caption}</caption>
            <thead>
              <tr>
                <th scope="col">{say('time')}</th>
                <th scope="col">{say('lowest')}</th>
                <th scope="col">{say('latest')}</th>
                <th scope="col">{say('highest')}</th>
              </tr>
            </thead>
            <tbody>
              {stepsOf(trend, 48).map((step) => (
                <tr key={step.atMs}>
                  <th scope="row">{at(step.atMs)}</th>
                  {step.max === null ? (
                    <td colSpan={3}>{say('unknown')}</td>
                  ) : (
                    <>
                      <td>{value(step.min)}</td>
                      <td>{step.last === null ? say('unknown') : value(step.last)}</td>
                      <td>{value(step.max)}</td>
                    </>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  );
}

function Chart(props: {
  readonly trend: Trend;
  readonly point: PointView;
  readonly label: string;
  readonly at: (ms: number) => string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const { trend, point } = props;
  const colours = theme.value;
  // (and where the device turns from light to dark by itself)
  const [turns, turn] = useState(0);
  useEffect(() => {
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const turned = (): void => turn((count) => count + 1);
    scheme.addEventListener('change', turned);
    return () => scheme.removeEventListener('change', turned);
  }, []);
  const words = { last: say('latest'), min: say('lowest'), max: say('highest'), time: say('time') };
  useEffect(() => {
    let gone = false;
    let chart: { resize(width: number): void; remove(): void } | undefined;
    let observer: ResizeObserver | undefined;
    void import('./trend-chart.ts').then(({ drawTrend }) => {
      const into = box.current;
      if (gone || !into) return;
      chart = drawTrend(into, {
        trend,
        timezone: session.value?.premises.timezone ?? 'UTC',
        limits: limitsOf(point),
        words,
        at: (seconds) => props.at(seconds * 1000),
      });
      observer = new ResizeObserver(() => chart?.resize(into.clientWidth));
      observer.observe(into);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      chart?.remove();
    };
  }, [trend, colours, turns, words.last]);
  return <div class="chart" ref={box} role="img" aria-label={props.label} />;
}

/** The latest incidents in which this point has a part; open ones as they stand. */
function Named({ id }: { readonly id: string }) {
  const { data, failure } = useLoaded(() => get<IncidentsPage>(pastPath), id);
  const names = (incident: Incident): boolean =>
    incident.cause.point === id || incident.signals.some(({ point }) => point === id);
  const open = incidents.value;
  const all = [...open.values(), ...(data?.incidents ?? []).filter((incident) => !open.has(incident.id))]
    .filter(names)
    .filter(({ plan }) => !(discreet.value && isSilentPlan(plan, site.value)))
    .sort((a, b) => (a.openedAt < b.openedAt ? 1 : -1))
    .slice(0, 10);
  if (all.length === 0)
    return data || failure !== undefined ? <Empty>{failure ?? say('noIncidents')}</Empty> : <Loading />;
  return (
    <ul class="link-rows">
      {all.map((incident) => (
        <li key={incident.id}>
          <a class="row-link" href={link('incident', incident.id)}>
            <CategoryBadge category={incident.category} />
            <span class="row-title" dir="auto">
              {nameOf(incident.title)}
            </span>
            <StateBadge incident={incident} />
            <span class="soft">{when(incident.openedAt, now.value)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
