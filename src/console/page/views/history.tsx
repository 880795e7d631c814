// What was: incidents that are over and those that are open, the newest first, page by page, to be searched.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import '../styles/history.css';
import type { Category, Incident, IncidentsPage } from '../../api.ts';
import { failureText, get } from '../api.ts';
import { isSilentPlan } from '../hush.ts';
import { firstCause, shortId, zoneName } from '../names.ts';
import { CategoryBadge, DrillBadge, LevelBadge, StateBadge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { Empty, Failed, Loading, Page } from '../parts/page.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { link } from '../router.ts';
import { closed, discreet, incidents, site } from '../state.ts';
import { moment, nameOf, plural, span, t, word } from '../words/index.ts';

const pageSize = 100;

export function HistoryPage() {
  const older = useSignal<readonly Incident[] | undefined>(undefined);
  const all = useSignal(false);
  const failure = useSignal<string | undefined>(undefined);
  const search = useSignal('');
  const category = useSignal<Category | ''>('');
  const drills = useSignal(true);
  const more = async (): Promise<void> => {
    const known = older.value ?? [];
    const last = known[known.length - 1];
    try {
      const after = last === undefined ? '' : `&after=${encodeURIComponent(last.id)}`;
      const page = await get<IncidentsPage>(`/incidents?all=true&limit=${pageSize}${after}`);
      older.value = [...known, ...page.incidents];
      all.value = page.incidents.length < pageSize;
      failure.value = undefined;
    } catch (error) {
      failure.value = failureText(error);
    }
  };
  useEffect(() => {
    void more();
  }, []);
  const known = older.value && merged(older.value, incidents.value, closed.value);
  const shown = known?.filter(
    (one) =>
      !(discreet.value && isSilentPlan(one.plan, site.value)) &&
      (drills.value || !one.drill) &&
      (category.value === '' || one.category === category.value) &&
      matches(one, search.value),
  );
  return (
    <Page title={t('history.title')} class="history">
      <div class="filters">
        <Field
          name="search"
          type="search"
          label={t('history.search')}
          hint={t('history.searchHint')}
          onInput={(value) => {
            search.value = value;
          }}
        />
        <Field
          name="category"
          label={t('history.category')}
          choices={[
            ['', t('history.all')],
            ...(['alarm', 'supervisory', 'trouble'] as const).map(
              (one) => [one, word.category(one)] as const,
            ),
          ]}
          onInput={(value) => {
            category.value = value as Category | '';
          }}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={drills.value}
            onChange={(event) => {
              drills.value = event.currentTarget.checked;
            }}
          />
          {t('history.drillsToo')}
        </label>
      </div>
      {failure.value !== undefined && <Failed message={failure.value} onRetry={more} />}
      {!shown && failure.value === undefined && <Loading />}
      {shown && (
        <>
          <p role="status" class="soft">
            {plural('history.shown', shown.length)}
          </p>
          {shown.length === 0 ? <Empty>{t('history.none')}</Empty> : <List rows={shown} />}
          {all.value ? (
            <p class="soft">{t('history.all.shown')}</p>
          ) : (
            <Button onPress={more}>{t('history.older')}</Button>
          )}
        </>
      )}
    </Page>
  );
}

function List({ rows }: { readonly rows: readonly Incident[] }) {
  const columns: readonly Column<Incident>[] = [
    {
      id: 'title',
      title: word.title('title'),
      head: true,
      cell: (one) => (
        <a href={link('incident', one.id)} dir="auto">
          {nameOf(one.title)}
        </a>
      ),
    },
    { id: 'opened', title: word.title('opened'), cell: (one) => moment(one.openedAt) },
    {
      id: 'kind',
      title: word.title('category'),
      cell: (one) => (
        <span class="badges">
          {one.drill && <DrillBadge />}
          <CategoryBadge category={one.category} />
          <LevelBadge level={one.level} />
        </span>
      ),
    },
    {
      id: 'state',
      title: word.title('state'),
      cell: (one) => (
        <span class="badges">
          <StateBadge incident={one} />
          {one.verdict && <span>{word.verdict(one.verdict)}</span>}
        </span>
      ),
    },
    { id: 'because', title: word.title('because'), cell: (one) => <span dir="auto">{firstCause(one)}</span> },
    {
      id: 'duration',
      title: t('history.duration'),
      cell: (one) =>
        one.closedAt === undefined
          ? t('history.open')
          : span(Date.parse(one.closedAt) - Date.parse(one.openedAt)),
    },
    { id: 'id', title: word.title('incident'), cell: (one) => shortId(one.id) },
  ];
  return <Table caption={t('history.title')} columns={columns} rows={rows} keyOf={(one) => one.id} />;
}

/** What was asked for, with what the stream has told since: the newest first. */
function merged(
  asked: readonly Incident[],
  open: ReadonlyMap<string, Incident>,
  ended: ReadonlyMap<string, Incident>,
): readonly Incident[] {
  const all = new Map(asked.map((one) => [one.id, one]));
  for (const one of open.values()) all.set(one.id, one);
  for (const one of ended.values()) all.set(one.id, one);
  return [...all.values()].sort((one, other) => (one.openedAt < other.openedAt ? 1 : -1));
}

function matches(one: Incident, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return true;
  const texts = [
    one.id,
    one.plan,
    one.title.zh,
    one.title.en,
    one.zone === undefined ? '' : zoneName(one.zone),
    one.place ?? '',
    one.acknowledgedBy ?? '',
    one.closedBy ?? '',
    one.finder?.name ?? '',
  ];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}
