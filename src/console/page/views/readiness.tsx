// What must be done between incidents: what is due and when, and the list of articles with what was found there last,
// signed off here by whoever looked.

import { useState } from 'preact/hooks';
import type { DutyReport } from '../../../control/types.ts';
import type { SiteView } from '../../api.ts';
import { command } from '../api.ts';
import {
  Badge,
  Button,
  ButtonLink,
  type Column,
  Empty,
  Field,
  FormDialog,
  Loading,
  Page,
  Section,
  Table,
  toastReply,
} from '../parts/index.ts';
import { link } from '../router.ts';
import { loaded, may, now, site, status } from '../state.ts';
import { day, moment, nameOf } from '../words/index.ts';
import { say } from './care-words.ts';
import './equipment.css';
import './care.css';

type Article = SiteView['articles'][number];

const dayMs = 86_400_000;
/** as the command line has it: what is due later is counted, and shown when asked for */
const soonMs = 60 * dayMs;

export function ReadinessPage() {
  return (
    <Page title={say('readiness')} class="readiness-page">
      {!loaded.value ? (
        <Loading />
      ) : (
        <>
          <Section title={say('due')}>
            <Duties />
          </Section>
          <Section title={say('articles')}>
            <Articles />
          </Section>
        </>
      )}
    </Page>
  );
}

function Duties() {
  const duties = status.value?.duties ?? [];
  if (duties.length === 0) return <Empty>{say('noDuties')}</Empty>;
  const isNear = ({ due, reminded }: DutyReport): boolean => reminded || Date.parse(due) - now.value < soonMs;
  const near = duties.filter(isNear);
  const later = duties.filter((duty) => !isNear(duty));
  return (
    <>
      <DutyList duties={near} />
      {later.length > 0 && (
        <details class="folded later">
          <summary>{say('laterOnes', { count: later.length })}</summary>
          <DutyList duties={later} />
        </details>
      )}
    </>
  );
}

function DutyList({ duties }: { readonly duties: readonly DutyReport[] }) {
  return (
    <ul class="duties">
      {duties.map((duty) => (
        <li key={`${duty.subject} ${duty.due}`} class={duty.overdue ? 'duty duty-overdue' : 'duty'}>
          <DutyBadge duty={duty} />
          <div class="duty-what">
            <strong dir="auto">{nameOf(duty.name)}</strong>
            <span dir="auto">{nameOf(duty.what)}</span>
          </div>
          <div class="duty-when">
            <span>{say('dueOn', { date: day(duty.due) })}</span>
            <span class="soft">{inDays(duty.due)}</span>
          </div>
          <DutyAction duty={duty} />
        </li>
      ))}
    </ul>
  );
}

function DutyBadge({ duty }: { readonly duty: DutyReport }) {
  if (duty.overdue)
    return (
      <Badge tone="supervisory" shape="!">
        {say('overdue')}
      </Badge>
    );
  return (
    <Badge tone={duty.reminded ? 'strong' : 'plain'} shape={duty.reminded ? '◔' : '○'}>
      {say(duty.reminded ? 'soon' : 'later')}
    </Badge>
  );
}

/** Whole days by the calendar of the premises. */
function inDays(due: string): string {
  const days = Math.round((Date.parse(day(due)) - Date.parse(day(now.value))) / dayMs);
  if (days === 0) return say('dueToday');
  if (days === 1) return say('dueInOne');
  if (days === -1) return say('dueAgoOne');
  return days > 0 ? say('dueIn', { days }) : say('dueAgo', { days: -days });
}

function DutyAction({ duty }: { readonly duty: DutyReport }) {
  const label = (word: string): string => `${word}: ${nameOf(duty.name)}`;
  if (duty.kind === 'drill') return <ButtonLink href={link('drills')}>{say('goDrill')}</ButtonLink>;
  if (duty.kind === 'exercise') return <ButtonLink href={link('drills')}>{say('goWalk')}</ButtonLink>;
  if (duty.kind === 'contacts') return <ButtonLink href={link('contacts')}>{say('goContacts')}</ButtonLink>;
  const id = duty.subject.replace(/^article:/, '');
  const article = site.value?.articles.find((one) => one.id === id);
  return article ? <SignButton article={article} label={label(say('sign'))} /> : null;
}

function Articles() {
  const articles = site.value?.articles ?? [];
  if (articles.length === 0) return <Empty>{say('noArticles')}</Empty>;
  return <Table caption={say('articles')} columns={columns()} rows={articles} keyOf={({ id }) => id} />;
}

function columns(): Column<Article>[] {
  const signed = status.value?.signed ?? {};
  const today = day(now.value);
  const unit = (article: Article): string => (article.unit === undefined ? '' : ` ${nameOf(article.unit)}`);
  return [
    {
      id: 'name',
      title: say('article'),
      head: true,
      cell: (article) => (
        <>
          <bdi>{nameOf(article.name)}</bdi>
          {article.place !== undefined && (
            <span class="point-id">
              <bdi>{nameOf(article.place)}</bdi>
            </span>
          )}
        </>
      ),
    },
    {
      id: 'state',
      title: say('state'),
      cell: (article) => <ArticleBadge article={article} today={today} />,
    },
    {
      id: 'wanted',
      title: say('wantedAmount'),
      cell: (article) => (article.amount === undefined ? '–' : `${article.amount}${unit(article)}`),
    },
    {
      id: 'there',
      title: say('thereAmount'),
      cell: (article) => {
        const amount = signed[article.id]?.amount;
        return amount === undefined ? '–' : `${amount}${unit(article)}`;
      },
    },
    {
      id: 'expires',
      title: say('expires'),
      cell: (article) => signed[article.id]?.expires ?? article.expires ?? '–',
    },
    {
      id: 'signed',
      title: say('lastSigned'),
      cell: (article) => {
        const last = signed[article.id];
        if (!last) return say('notSigned');
        return (
          <>
            {moment(last.at).slice(0, 16)} · <bdi>{say('byWhom', { by: last.by })}</bdi>
            {last.note !== undefined && (
              <span class="point-id">
                <bdi>{last.note}</bdi>
              </span>
            )}
          </>
        );
      },
    },
    {
      id: 'sign',
      title: say('sign'),
      cell: (article) => <SignButton article={article} label={`${say('sign')}: ${nameOf(article.name)}`} />,
    },
  ];
}

function ArticleBadge({ article, today }: { readonly article: Article; readonly today: string }) {
  const last = status.value?.signed?.[article.id];
  const expires = last?.expires ?? article.expires;
  if (expires !== undefined && expires <= today)
    return (
      <Badge tone="supervisory" shape="!">
        {say('expired')}
      </Badge>
    );
  if (article.amount !== undefined && last?.amount !== undefined && last.amount < article.amount)
    return (
      <Badge tone="supervisory" shape="!">
        {say('tooFew')}
      </Badge>
    );
  return last ? (
    <Badge tone="good" shape="✓">
      {say('inOrder')}
    </Badge>
  ) : (
    <Badge shape="○">{say('notSigned')}</Badge>
  );
}

function SignButton({ article, label }: { readonly article: Article; readonly label: string }) {
  const [asking, ask] = useState(false);
  if (!may('readiness')) return null;
  const unit = article.unit === undefined ? '' : ` (${nameOf(article.unit)})`;
  return (
    <>
      <Button label={label} onPress={() => ask(true)}>
        {say('sign')}
      </Button>
      {asking && (
        <FormDialog
          title={say('signTitle', { name: nameOf(article.name) })}
          action={say('sign')}
          onClose={() => ask(false)}
          onSubmit={async ({ amount, expires, note }) =>
            toastReply(
              await command('readiness', {
                article: article.id,
                amount: amount ? Number(amount) : undefined,
                expires,
                note,
              }),
            )
          }
        >
          <p>{say('signWarn')}</p>
          {article.amount !== undefined && (
            <Field
              name="amount"
              type="number"
              min={0}
              max={1_000_000}
              step="any"
              label={`${say('amount')}${unit}`}
              hint={`${say('wantedAmount')}: ${article.amount}`}
              optional
            />
          )}
          <Field name="expires" type="date" label={say('expiresNew')} hint={say('expiresHint')} optional />
          <Field name="note" label={say('note')} lines={2} optional />
        </FormDialog>
      )}
    </>
  );
}
