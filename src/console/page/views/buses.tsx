// The buses: whether each is there, how busy it is, what went wrong on it, and which devices on it are silent since when
// and why. The silent ones stand first and are never folded away.

import type { BusFigures } from '../../../devices/types.ts';
import { namesNow } from '../names.ts';
import { Badge, ButtonLink, type Column, Empty, Loading, Page, Section, Table } from '../parts/index.ts';
import { link } from '../router.ts';
import { loaded, site, status } from '../state.ts';
import { nameOf, reason, span, t } from '../words/index.ts';
import { say } from './equipment-words.ts';

type DeviceFigures = BusFigures['devices'][number];

export function BusesPage() {
  const buses = status.value?.buses ?? [];
  return (
    <Page
      title={say('busesTitle')}
      class="buses-page"
      actions={<ButtonLink href={link('outputs')}>{say('outputs')}</ButtonLink>}
    >
      {!loaded.value ? (
        <Loading />
      ) : buses.length === 0 ? (
        <Empty>{say('noBuses')}</Empty>
      ) : (
        <div class="panels">
          {buses.map((bus) => (
            <BusCard key={bus.id} bus={bus} />
          ))}
        </div>
      )}
    </Page>
  );
}

export function UpBadge(props: { readonly up: boolean; readonly yes: string; readonly no: string }) {
  return (
    <Badge tone={props.up ? 'good' : 'trouble'} shape={props.up ? '✓' : '✕'}>
      {props.up ? props.yes : props.no}
    </Badge>
  );
}

const age = (ms: number | undefined): string =>
  ms === undefined ? say('never') : ms < 3000 ? t('time.now') : say('agoSpan', { span: span(ms) });

function BusCard({ bus }: { readonly bus: BusFigures }) {
  const dead = bus.devices.filter(({ up }) => !up);
  const percent = Math.round(bus.utilisation * 100);
  return (
    <Section
      title={bus.id}
      class={bus.up && dead.length === 0 ? 'panel' : 'panel panel-bad'}
      actions={<UpBadge up={bus.up} yes={say('up')} no={say('down')} />}
    >
      {bus.because !== undefined && !bus.up && (
        <p class="remark" dir="auto">
          {reason(bus.because, namesNow)}
        </p>
      )}
      <dl class="about">
        <div>
          <dt>{say('driver')}</dt>
          <dd>
            <bdi>{bus.driver}</bdi>
          </dd>
        </div>
        <div>
          <dt>{say('used')}</dt>
          <dd>
            <meter
              class="use"
              min={0}
              max={100}
              high={85}
              value={percent}
              aria-label={`${say('used')}: ${say('usedWhat')}`}
            />{' '}
            {percent} %
          </dd>
        </div>
        <div>
          <dt>{say('requests')}</dt>
          <dd>{bus.requests.toLocaleString()}</dd>
        </div>
        <div>
          <dt>{say('oldest')}</dt>
          <dd>{age(bus.lastGoodMs === undefined ? undefined : bus.oldestMs)}</dd>
        </div>
        <div>
          <dt>{say('lastGood')}</dt>
          <dd>{age(bus.lastGoodMs)}</dd>
        </div>
        <div>
          <dt>{say('errors')}</dt>
          <dd>
            <Errors errors={bus.errors} />
          </dd>
        </div>
      </dl>
      <h3>
        {say('devices')} ·{' '}
        {dead.length > 0
          ? say('deadDevices', { dead: dead.length, all: bus.devices.length })
          : say('allAnswer', { all: bus.devices.length })}
      </h3>
      {bus.devices.length > 0 && (
        <Table
          caption={`${say('devices')}: ${bus.id}`}
          columns={columns()}
          rows={[...bus.devices].sort((a, b) => Number(a.up) - Number(b.up))}
          keyOf={({ id }) => id}
          classOf={({ up }) => (up ? '' : 'row-trouble')}
        />
      )}
    </Section>
  );
}

function Errors({ errors }: { readonly errors: BusFigures['errors'] }) {
  const some = (['timeout', 'exception', 'garbled', 'foreign', 'link'] as const).filter(
    (kind) => errors[kind] > 0,
  );
  if (some.length === 0) return <>{say('noErrors')}</>;
  return <>{some.map((kind) => `${say(kind)} ${errors[kind].toLocaleString()}`).join(' · ')}</>;
}

function columns(): Column<DeviceFigures>[] {
  const names = new Map(site.value?.devices.map(({ id, name }) => [id, name ?? id]));
  return [
    {
      id: 'device',
      title: say('device'),
      head: true,
      cell: ({ id }) => <bdi>{nameOf(names.get(id) ?? id)}</bdi>,
    },
    {
      id: 'state',
      title: say('state'),
      cell: ({ up }) => <UpBadge up={up} yes={say('answers')} no={say('dead')} />,
    },
    { id: 'last', title: say('lastGood'), cell: ({ lastGoodMs }) => age(lastGoodMs) },
    {
      id: 'because',
      title: say('because'),
      cell: ({ up, because }) => <bdi>{up || because === undefined ? '–' : reason(because, namesNow)}</bdi>,
    },
  ];
}
