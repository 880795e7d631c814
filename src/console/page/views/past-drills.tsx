// Drills that were held, with their scores: each comes out of the report of its incident, and is fetched only when
// somebody asks for it, because a report is made anew each time.

import { useState } from 'preact/hooks';
import type { Text } from '../../../core/types.ts';
import type { DrillScore, Improvement, IncidentReport, Judged } from '../../../reports/types.ts';
import type { Incident, IncidentsPage } from '../../api.ts';
import { get } from '../api.ts';
import { channelName, personName, roleName } from '../names.ts';
import { Badge, Button, Empty, Failed, Loading, useLoaded } from '../parts/index.ts';
import { link } from '../router.ts';
import { made } from '../transfer.ts';
import { moment, nameOf, span } from '../words/index.ts';
import { say } from './care-words.ts';
import { incidentReportPath, pastPath } from './paths.ts';

const most = 20;

export function PastDrills() {
  const { data, failure, again } = useLoaded(() => get<IncidentsPage>(pastPath), 'drills');
  if (failure !== undefined && !data) return <Failed message={failure} onRetry={again} />;
  if (!data) return <Loading />;
  const drills = data.incidents.filter(({ drill, state }) => drill && state === 'closed').slice(0, most);
  if (drills.length === 0) return <Empty>{say('noPastDrills')}</Empty>;
  return (
    <ul class="link-rows">
      {drills.map((drill) => (
        <li key={drill.id} class="past-drill">
          <PastDrill drill={drill} />
        </li>
      ))}
    </ul>
  );
}

function PastDrill({ drill }: { readonly drill: Incident }) {
  const [score, show] = useState<DrillScore | null | undefined>(undefined);
  const name = nameOf(drill.title);
  return (
    <>
      <div class="past-drill-head">
        <a href={link('incident', drill.id)} dir="auto">
          {name}
        </a>
        <span class="soft">{moment(drill.openedAt).slice(0, 16)}</span>
        {score === undefined && (
          <Button
            label={`${say('showScore')}: ${name}`}
            onPress={async () => {
              const report = await made<IncidentReport>(incidentReportPath(drill.id, 'json'));
              show(report.score ?? null);
            }}
          >
            {say('showScore')}
          </Button>
        )}
      </div>
      {score === null && <p>{say('noScore')}</p>}
      {score && <Score score={score} />}
    </>
  );
}

function Score({ score }: { readonly score: DrillScore }) {
  const rows: (readonly [key: string, name: string, judged: Judged])[] = [
    ['acknowledge', say('toAcknowledge'), score.acknowledge],
    ...score.steps.map((step) => [step.id, nameOf(step.text), step] as const),
    ['allClear', say('allClear'), score.allClear],
  ];
  return (
    <div class="score" role="status">
      <p class="score-of">
        <strong>{score.judged === 0 ? say('noScore') : say('scoreOf', { score: score.score })}</strong>{' '}
        {score.judged > 0 && say('kept', { kept: score.kept, judged: score.judged })}
      </p>
      <ul class="score-rows">
        {rows.map(([key, name, judged]) => (
          <li key={key}>
            <span dir="auto">{name}</span>
            <span>
              {judged.ms === undefined ? '–' : span(judged.ms)}
              {judged.limitMs !== undefined && (
                <span class="soft"> · {say('limit', { span: span(judged.limitMs) })}</span>
              )}
            </span>
            {judged.good === undefined ? (
              <Badge shape="–">{say('notJudged')}</Badge>
            ) : judged.good ? (
              <Badge tone="good" shape="✓">
                {say('inTime')}
              </Badge>
            ) : (
              <Badge tone="trouble" shape="✕">
                {say('late')}
              </Badge>
            )}
          </li>
        ))}
      </ul>
      <h3>{say('improvements')}</h3>
      {score.improvements.length === 0 ? (
        <p>{say('none')}</p>
      ) : (
        <ul>
          {score.improvements.map((improvement, index) => (
            <li key={index} dir="auto">
              {improvementText(improvement)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function improvementText(improvement: Improvement): string {
  switch (improvement.kind) {
    case 'notAcknowledged':
      return say('notAcknowledged');
    case 'acknowledgedLate':
      return say('acknowledgedLate', { span: span(improvement.ms), limit: span(improvement.limitMs) });
    case 'stepMissed':
      return say('stepMissed', { step: stepText(improvement) });
    case 'stepLate':
      return improvement.lateMs === undefined
        ? say('stepLate', { step: stepText(improvement) })
        : say('stepLateBy', { step: stepText(improvement), span: span(improvement.lateMs) });
    case 'nobody':
      return say('nobodyHas', { role: roleName(improvement.role) });
    case 'notDelivered':
      return say('notDelivered', {
        to: personName(improvement.to),
        channel: channelName(improvement.channel),
      });
  }
}

function stepText({ text, role }: { readonly text: Text; readonly role?: string }): string {
  return role === undefined ? nameOf(text) : `${nameOf(text)} (${roleName(role)})`;
}
