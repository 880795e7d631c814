// One incident: what it is, what to do now, who was told and what comes next. What the stream tells is shown at once;
// its course and what is to come are asked for again whenever something happened.

import { useEffect, useRef } from 'preact/hooks';
import '../styles/incident.css';
import type { Next as Coming } from '../../../core/ladder-view.ts';
import type { Incident, IncidentView } from '../../api.ts';
import { get } from '../api.ts';
import { firstCause, isUnacknowledged, planName, roleName, shortId, stepText, whereOf } from '../names.ts';
import { CategoryBadge, DrillBadge, LevelBadge, StateBadge } from '../parts/badge.tsx';
import { useLoaded } from '../parts/loaded.ts';
import { Failed, Loading, Page, Section } from '../parts/page.tsx';
import { route } from '../router.ts';
import { closed, connection, events, everyIncident, now } from '../state.ts';
import { ago, ladder, moment, nameOf, span, t, when } from '../words/index.ts';
import { AckButton, Actions } from './incident-actions.tsx';
import { Closing } from './incident-closing.tsx';
import { Evidence } from './incident-evidence.tsx';
import { Signals } from './incident-signals.tsx';
import { Steps } from './incident-steps.tsx';
import { Timeline } from './incident-timeline.tsx';
import { ToldList } from './incident-told.tsx';
import { ToldLine } from './told-line.tsx';

export function IncidentPage() {
  const id = route.value.parts[0] ?? '';
  return <One key={id} id={id} />;
}

function One({ id }: { readonly id: string }) {
  const { data, failure, again } = useLoaded(
    () => get<IncidentView>(`/incidents/${encodeURIComponent(id)}`),
    id,
  );
  const live = liveOf(id);
  // Asked again when it has changed, gathered for a moment; and when the line is back.
  const latest = events.value.filter((event) => event.incident?.id === (live?.id ?? id)).pop()?.seq ?? 0;
  const first = useRef(true);
  const { alive } = connection.value;
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const timer = setTimeout(again, 250);
    return () => clearTimeout(timer);
  }, [live, latest, alive]);
  const incident = newer(live, data?.incident);
  if (!incident) {
    if (failure !== undefined) return <Failed message={failure} onRetry={again} />;
    if (data) return <p class="empty">{t('incident.none', { id })}</p>;
    return <Loading />;
  }
  return <Whole incident={incident} view={data} />;
}

/** The open one, or as it ended; also by the beginning of its id. */
function liveOf(id: string): Incident | undefined {
  const known = everyIncident.value.get(id) ?? closed.value.get(id);
  if (known || id.includes('_')) return known;
  return [...everyIncident.value.values()].find((one) => shortId(one.id) === id);
}

/** What the stream told is newer, unless the incident has been closed since. */
function newer(live: Incident | undefined, asked: Incident | undefined): Incident | undefined {
  return live ?? asked;
}

function Whole({ incident, view }: { readonly incident: Incident; readonly view: IncidentView | undefined }) {
  const open = incident.state !== 'closed';
  const title = nameOf(incident.title);
  return (
    <Page
      title={title}
      class={`incident ${incident.drill ? 'drill' : incident.category}${isUnacknowledged(incident) ? ' waiting' : ''}`}
    >
      <div class="incident-badges">
        {incident.drill && <DrillBadge />}
        <CategoryBadge category={incident.category} />
        <LevelBadge level={incident.level} />
        <StateBadge incident={incident} />
        <span class="incident-id">{shortId(incident.id)}</span>
      </div>
      {(open || (incident.told ?? []).length > 0) && <ToldLine incident={incident} />}
      <div class="incident-columns">
        {open && (
          <div class="incident-do">
            {isUnacknowledged(incident) && <AckButton incident={incident} />}
            <Actions incident={incident} />
          </div>
        )}
        <div class="incident-left">
          <Steps incident={incident} />
          <Closing incident={incident} />
          <Evidence incident={incident} />
        </div>
        <Facts incident={incident} />
        <div class="incident-right">
          {open && <Next incident={incident} view={view} />}
          <ToldList incident={incident} />
          <Signals incident={incident} />
        </div>
      </div>
      <Timeline incident={incident} events={view?.events ?? []} />
    </Page>
  );
}

function Facts({ incident }: { readonly incident: Incident }) {
  const { finder } = incident;
  const ended = incident.closedAt;
  const lasted = span(Date.parse(ended ?? new Date(now.value).toISOString()) - Date.parse(incident.openedAt));
  return (
    <dl class="facts">
      <div>
        <dt>{t('incident.where')}</dt>
        <dd>
          <bdi>{whereOf(incident) ?? t('incident.nowhere')}</bdi>
        </dd>
      </div>
      <div>
        <dt>{t('incident.since')}</dt>
        <dd>
          <time dateTime={incident.openedAt}>{moment(incident.openedAt)}</time>
          {' · '}
          {ended === undefined ? ago(incident.openedAt, now.value) : t('incident.lasted', { span: lasted })}
        </dd>
      </div>
      <div>
        <dt>{t('incident.firstCause')}</dt>
        <dd>
          <bdi>{firstCause(incident)}</bdi>
        </dd>
      </div>
      <div>
        <dt>{t('incident.acknowledged')}</dt>
        <dd>
          {incident.acknowledgedBy !== undefined && incident.acknowledgedAt !== undefined
            ? [
                '✓ ',
                <bdi key="by">{incident.acknowledgedBy}</bdi>,
                `, ${when(incident.acknowledgedAt, now.value)}`,
              ]
            : isUnacknowledged(incident)
              ? `! ${t('incident.notAcknowledged')}`
              : '–'}
        </dd>
      </div>
      <div>
        <dt>{t('incident.plan')}</dt>
        <dd>
          <bdi>{planName(incident.plan)}</bdi>
        </dd>
      </div>
      {finder && (
        <div>
          <dt>{t('incident.finder')}</dt>
          <dd>
            <bdi>{finder.name}</bdi>{' '}
            {finder.phone !== undefined && <a href={`tel:${finder.phone}`}>{finder.phone}</a>}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** With the names of roles in place of their ids. */
function named(one: Coming): Coming {
  return { ...one, roles: one.roles.map(roleName) };
}

function Next({ incident, view }: { readonly incident: Incident; readonly view: IncidentView | undefined }) {
  const next = view?.next ?? [];
  return (
    <Section title={t('incident.next')} class="next">
      {view && next.length === 0 && <p class="empty">{t('incident.nextNone')}</p>}
      <ol class="plain-list">
        {next.map((one, index) => {
          const leftMs = one.at === undefined ? undefined : Date.parse(one.at) - now.value;
          return (
            <li key={index} class="next-row">
              <span class="next-when">
                {leftMs === undefined
                  ? '–'
                  : leftMs <= 0
                    ? t('incident.nowDue')
                    : t('incident.in', { span: span(leftMs) })}
              </span>
              <span dir="auto">{ladder.next(named(one), (id) => stepText(incident, id))}</span>
              {one.at !== undefined && <time class="soft">{when(one.at, now.value)}</time>}
            </li>
          );
        })}
      </ol>
    </Section>
  );
}
