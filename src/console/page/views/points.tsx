// All points with their live values: searched, filtered and shown a page at a time, so that 2,000 of them are as quick
// as twenty. `#/points/ID` shows one of them.

import { computed, signal } from '@preact/signals';
import type { PointView } from '../../api.ts';
import { Button, type Column, Empty, Field, Loading, Page, Table } from '../parts/index.ts';
import { link, route } from '../router.ts';
import { loaded, shownPoints as points, site } from '../state.ts';
import { nameOf } from '../words/index.ts';
import { say } from './equipment-words.ts';
import { kindName } from './kind-name.ts';
import { Ago } from './moments.tsx';
import { PointPage } from './point.tsx';
import { stateOf } from './point-state.ts';
import { PointBadge, valueText } from './point-value.tsx';
import { fits, namesOfSite, noFilter, none, type PointFilter, pageOf } from './points-filter.ts';
import { ServiceButton } from './service.tsx';

/** kept while the page is open, so that one comes back to where one was */
const filter = signal<PointFilter>(noFilter);
const page = signal(1);
/** fields keep what was typed: a new number makes new ones */
const cleared = signal(0);

const found = computed(() => {
  const names = namesOfSite(site.value);
  return [...points.value.values()].filter((point) => fits(point, filter.value, names));
});

function narrow(change: Partial<PointFilter>): void {
  filter.value = { ...filter.value, ...change };
  page.value = 1;
}

export function PointsPage() {
  const id = route.value.parts[0];
  return id === undefined ? <PointList /> : <PointPage id={id} />;
}

function PointList() {
  const { show } = route.value.query;
  if (show === 'active' || show === 'unknown' || show === 'disabled') {
    // (from a link on the wall; taken once)
    history.replaceState(null, '', '#/points');
    route.value = { ...route.value, query: {} };
    filter.value = { ...noFilter, show };
  }
  return (
    <Page title={say('points')} class="points-page">
      {!loaded.value ? <Loading /> : points.value.size === 0 ? <Empty>{say('noPoints')}</Empty> : <Found />}
    </Page>
  );
}

function Found() {
  const rows = found.value;
  const shown = pageOf(rows, page.value);
  return (
    <>
      <Filters />
      <div class="points-count">
        <p role="status">{say('shown', { shown: rows.length, all: points.value.size })}</p>
        {filter.value !== noFilter && <Button onPress={clear}>{say('clear')}</Button>}
      </div>
      {rows.length === 0 ? (
        <Empty>
          {say('nothing')} {say('nothingMore')}
        </Empty>
      ) : (
        <Table
          caption={say('points')}
          columns={columns()}
          rows={shown.rows}
          keyOf={({ id }) => id}
          classOf={rowClass}
        />
      )}
      {shown.pages > 1 && <Pages page={shown.page} pages={shown.pages} />}
    </>
  );
}

function clear(): void {
  filter.value = noFilter;
  page.value = 1;
  cleared.value += 1;
}

function rowClass(point: PointView): string {
  return stateOf(point) === 'active' ? 'row-active' : '';
}

function columns(): Column<PointView>[] {
  const zones = namesOfSite(site.value).zones;
  return [
    {
      id: 'name',
      title: say('name'),
      head: true,
      cell: (point) => (
        <>
          <a class="point-link" href={link('points', point.id)} dir="auto">
            {nameOf(point.name)}
          </a>
          <span class="point-id">
            <bdi>{point.id}</bdi>
          </span>
        </>
      ),
    },
    {
      id: 'value',
      title: say('value'),
      cell: (point) => (
        <>
          <span class="point-value" dir="auto">
            {valueText(point)}
          </span>
        </>
      ),
    },
    { id: 'state', title: say('state'), cell: (point) => <PointBadge point={point} /> },
    {
      id: 'zone',
      title: say('zone'),
      cell: (point) => (
        <bdi>{point.zone === undefined ? '–' : nameOf(zones.get(point.zone) ?? point.zone)}</bdi>
      ),
    },
    {
      id: 'changed',
      title: say('changed'),
      cell: ({ at }) => (at === undefined ? say('neverRead') : <Ago at={at} />),
    },
    {
      id: 'exercised',
      title: say('exercised'),
      cell: (point) => (point.exercisedAt === undefined ? say('notWatched') : <Ago at={point.exercisedAt} />),
    },
    { id: 'actions', title: say('actions'), cell: (point) => <ServiceButton point={point} /> },
  ];
}

function Filters() {
  const { text, zone, device, kind, show } = filter.value;
  const all = [...points.value.values()];
  const kinds = [...new Set(all.map((point) => point.kind ?? none))];
  const anyWithoutZone = all.some((point) => point.zone === undefined);
  return (
    <search class="point-filters" key={cleared.value} aria-label={say('search')}>
      <Field
        name="text"
        type="search"
        label={say('search')}
        hint={say('searchHint')}
        value={text}
        onInput={(value) => narrow({ text: value })}
      />
      <Field
        name="zone"
        label={say('zone')}
        value={zone}
        onInput={(value) => narrow({ zone: value })}
        choices={[
          ['', say('all')],
          ...(site.value?.zones ?? []).map(({ id, name }) => [id, nameOf(name)] as const),
          ...(anyWithoutZone ? [[none, say('noZone')] as const] : []),
        ]}
      />
      <Field
        name="device"
        label={say('device')}
        value={device}
        onInput={(value) => narrow({ device: value })}
        choices={[
          ['', say('all')],
          ...(site.value?.devices ?? []).map(({ id, name }) => [id, nameOf(name ?? id)] as const),
        ]}
      />
      <Field
        name="kind"
        label={say('kind')}
        value={kind}
        onInput={(value) => narrow({ kind: value })}
        choices={[
          ['', say('all')],
          ...kinds.map((id) => [id, id === none ? say('noKind') : kindName(id)] as const),
        ]}
      />
      <fieldset class="choice">
        <legend>{say('show')}</legend>
        {(
          [
            ['', 'all'],
            ['active', 'onlyActive'],
            ['unknown', 'onlyUnknown'],
            ['disabled', 'onlyDisabled'],
          ] as const
        ).map(([value, word]) => (
          <Button key={value} pressed={show === value} onPress={() => narrow({ show: value })}>
            {say(word)}
          </Button>
        ))}
      </fieldset>
    </search>
  );
}

function Pages(props: { readonly page: number; readonly pages: number }) {
  const turn = (to: number) => (): void => {
    page.value = to;
    document.querySelector('.points-page table')?.scrollIntoView({ block: 'start' });
  };
  return (
    <nav class="pages" aria-label={say('pages')}>
      <Button disabled={props.page === 1} onPress={turn(props.page - 1)}>
        {say('previous')}
      </Button>
      <p role="status">{say('page', { page: props.page, pages: props.pages })}</p>
      <Button disabled={props.page === props.pages} onPress={turn(props.page + 1)}>
        {say('next')}
      </Button>
    </nav>
  );
}
