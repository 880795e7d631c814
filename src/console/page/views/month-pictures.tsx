// A month as pictures with their figures: how many incidents, where, how fast they were handled, how often alarms were
// false. Shows what the report has; counts nothing but the days.

import type { MonthReport, Spread } from '../../../reports/types.ts';
import { channelName } from '../names.ts';
import { type Column, Empty, Section, Table } from '../parts/index.ts';
import { day, moment, nameOf, span, word } from '../words/index.ts';
import { Bars, Columns, Share } from './bars.tsx';
import { say } from './reports-words.ts';

export function MonthPictures({ report }: { readonly report: MonthReport }) {
  const { counts, falseAlarms, alarmRate } = report;
  return (
    <>
      <dl class="tiles">
        <Tile name={say('incidentsCount')} value={report.incidentCount} />
        <Tile name={say('alarmsCount')} value={counts.category.alarm} />
        <Tile name={say('openCount')} value={report.open.length} />
        <Tile name={say('drillsCount')} value={report.drillCount} />
      </dl>
      {report.incidents.length === 0 ? (
        <Empty>{say('none')}</Empty>
      ) : (
        <div class="pictures">
          <Section title={say('byDay')} class="panel wide">
            <Columns label={say('byDay')} bars={byDay(report)} />
          </Section>
          <Section title={say('byPlan')} class="panel">
            <Bars
              label={say('byPlan')}
              bars={counts.plan.map(({ id, name, count }) => ({ id, name: nameOf(name), value: count }))}
            />
          </Section>
          {counts.zone.length > 0 && (
            <Section title={say('byZone')} class="panel">
              <Bars
                label={say('byZone')}
                bars={counts.zone.map(({ id, name, count }) => ({ id, name: nameOf(name), value: count }))}
              />
            </Section>
          )}
          <Section title={say('byCategory')} class="panel">
            <Bars
              label={say('byCategory')}
              bars={(['alarm', 'supervisory', 'trouble'] as const).map((id) => ({
                id,
                name: word.category(id),
                value: counts.category[id],
                tone: id,
              }))}
            />
            <h3>{say('byLevel')}</h3>
            <Bars
              label={say('byLevel')}
              bars={(['urgent', 'major', 'general'] as const).map((id) => ({
                id,
                name: word.level(id),
                value: counts.level[id],
              }))}
            />
          </Section>
          <Section title={say('times')} class="panel">
            <Times name={say('toAcknowledge')} times={report.toAcknowledge} />
            <Times name={say('toClose')} times={report.toClose} />
            {report.toAcknowledge.count + report.toClose.count === 0 && <p>{say('noTimes')}</p>}
          </Section>
          <Section title={say('falseAlarms')} class="panel">
            {falseAlarms.judged === 0 ? (
              <p>{say('falseNone')}</p>
            ) : (
              <Share
                part={falseAlarms.false}
                whole={falseAlarms.judged}
                partName={say('falseAlarms')}
                restName={say('real')}
                sentence={say('falseOf', {
                  wrong: falseAlarms.false,
                  judged: falseAlarms.judged,
                  share: `${Math.round((100 * falseAlarms.false) / falseAlarms.judged)} %`,
                })}
              />
            )}
          </Section>
          {report.sensors.length > 0 && (
            <Section title={say('sensors')} class="panel">
              <Bars
                label={say('sensors')}
                bars={report.sensors
                  .slice(0, 10)
                  .map(({ id, name, opened }) => ({ id, name: nameOf(name), value: opened }))}
              />
            </Section>
          )}
          {report.repeats.length > 0 && (
            <Section title={say('repeats')} class="panel">
              <ul>
                {report.repeats.map((repeat) => (
                  <li key={`${repeat.sensor} ${repeat.plan}`}>
                    <bdi>{nameOf(repeat.name)}</bdi> · <bdi>{nameOf(repeat.planTitle)}</bdi> ·{' '}
                    {say('times3', { count: repeat.count })}
                  </li>
                ))}
              </ul>
            </Section>
          )}
          {report.channels.length > 0 && (
            <Section title={say('messages')} class="panel">
              <Messages report={report} />
            </Section>
          )}
          <Section title={say('alarmRate')} class="panel">
            <dl class="about">
              <Fact name={say('perDay')} value={alarmRate.perDay.toFixed(1)} />
              <Fact name={say('peak')} value={String(alarmRate.peakIn10Minutes)} />
              <Fact
                name={say('busiest')}
                value={
                  alarmRate.busiestHour
                    ? `${moment(alarmRate.busiestHour.from).slice(5, 16)} · ${alarmRate.busiestHour.count}`
                    : '–'
                }
              />
              <Fact name={say('floods')} value={String(alarmRate.floods.length)} />
            </dl>
          </Section>
          <Section title={say('service')} class="panel">
            <dl class="about">
              <Fact
                name={say('outOfService')}
                value={say('inAll', {
                  count: report.outOfService.count,
                  span: span(report.outOfService.totalMs),
                })}
              />
              <Fact
                name={say('troubles')}
                value={say('inAll', { count: report.troubles.count, span: span(report.troubles.totalMs) })}
              />
            </dl>
          </Section>
          {report.drills.length > 0 && (
            <Section title={say('drills')} class="panel">
              <Bars
                label={`${say('drills')}: ${say('score')}`}
                most={100}
                bars={report.drills.map((drill) => ({
                  id: drill.incident,
                  name: `${nameOf(drill.planTitle)} · ${day(drill.openedAt)}`,
                  value: drill.score.score,
                }))}
              />
            </Section>
          )}
        </div>
      )}
    </>
  );
}

function Tile(props: { readonly name: string; readonly value: number }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

function Fact(props: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

/** All days of the month, real incidents and drills together as they opened. */
function byDay(report: MonthReport): { id: string; name: string; value: number; title: string }[] {
  const [year = 1970, month = 1] = report.month.split('-').map(Number);
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const counts = new Array<number>(days).fill(0);
  for (const { openedAt, drill } of report.incidents) {
    const at = day(openedAt);
    if (!drill && at.startsWith(report.month)) counts[Number(at.slice(8, 10)) - 1]! += 1;
  }
  return counts.map((value, index) => ({
    id: String(index + 1),
    name: String(index + 1),
    value,
    title: say('dayOf', { day: index + 1, count: value }),
  }));
}

function Times({ name, times }: { readonly name: string; readonly times: Spread }) {
  if (times.count === 0) return null;
  const rows = [
    ['median', times.medianMs],
    ['p90', times.p90Ms],
    ['worst', times.worstMs],
  ] as const;
  return (
    <>
      <h3>{name}</h3>
      <Bars
        label={name}
        bars={rows
          .filter((row): row is [(typeof row)[0], number] => row[1] !== undefined)
          .map(([id, ms]) => ({ id, name: say(id), value: ms, text: span(ms) }))}
      />
    </>
  );
}

function Messages({ report }: { readonly report: MonthReport }) {
  const columns: Column<MonthReport['channels'][number]>[] = [
    {
      id: 'channel',
      title: say('channel'),
      head: true,
      cell: ({ channel }) => <bdi>{channelName(channel)}</bdi>,
    },
    { id: 'sent', title: say('sent'), side: 'right', cell: ({ sent }) => sent },
    { id: 'delivered', title: say('delivered'), side: 'right', cell: ({ delivered }) => delivered },
    { id: 'handed', title: say('handed'), side: 'right', cell: ({ handed }) => handed },
    { id: 'failed', title: say('failedMessages'), side: 'right', cell: ({ failed }) => failed },
  ];
  return (
    <Table
      caption={say('messages')}
      columns={columns}
      rows={report.channels}
      keyOf={({ channel }) => channel}
    />
  );
}
