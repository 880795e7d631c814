// How the gateway is, and the site file as it is on the disk: with its checks beside their lines and with what a reload
// would change. Only shows: configuration stays a file.

import { useEffect, useState } from 'preact/hooks';
import type { MachineView, SettingsView } from '../../api.ts';
import { get } from '../api.ts';
import { channelName, namesNow } from '../names.ts';
import {
  Badge,
  Button,
  type Column,
  Empty,
  Failed,
  Loading,
  Page,
  Section,
  Table,
  useLoaded,
} from '../parts/index.ts';
import { session, status } from '../state.ts';
import { made } from '../transfer.ts';
import { moment, reason, span, t } from '../words/index.ts';
import { settingsPath } from './paths.ts';
import { Doctor } from './settings-doctor.tsx';
import { say } from './settings-words.ts';
import { SiteFile } from './site-file.tsx';
import './equipment.css';
import './settings.css';

export function SettingsPage() {
  const mayRead = session.value?.role === 'operate' || session.value?.role === 'configure';
  const machine = useLoaded(() => get<MachineView>('/machine'), 'machine');
  // (looked at by a process of its own, which takes a moment: asked for once, and when somebody wants it again)
  const { data, failure, again } = useLoaded(
    async () => (mayRead ? await made<SettingsView>(settingsPath) : undefined),
    String(mayRead),
  );
  useEffect(() => {
    const timer = setInterval(() => void machine.again(), 10_000);
    return () => clearInterval(timer);
  }, [machine.again]);
  return (
    <Page
      title={say('settings')}
      class="settings-page"
      actions={<Button onPress={again}>{say('refresh')}</Button>}
    >
      <Section title={say('warnings')}>
        <Warnings />
      </Section>
      <Section title={say('gateway')}>
        <Gateway machine={machine.data} />
      </Section>
      <Section title={say('parts')}>
        <Parts />
      </Section>
      <Section title={say('doctor')}>
        <Doctor mayRead={mayRead} />
      </Section>
      <Section title={say('config')}>
        {data ? (
          <SiteFile settings={data} />
        ) : !mayRead ? (
          <Empty>{say('needRight')}</Empty>
        ) : failure !== undefined ? (
          <Failed message={say('failed', { why: failure })} onRetry={again} />
        ) : (
          <Loading />
        )}
      </Section>
    </Page>
  );
}

function Warnings() {
  const warnings = [
    ...unwell(),
    ...(status.value?.warnings ?? []).map((warning) => reason(warning, namesNow)),
  ];
  if (warnings.length === 0)
    return (
      <p>
        <Badge tone="good" shape="✓">
          {say('noWarnings')}
        </Badge>
      </p>
    );
  return (
    <ul class="findings">
      {warnings.map((warning) => (
        <li key={warning} class="remark" dir="auto">
          <span aria-hidden="true">!</span> {warning}
        </li>
      ))}
    </ul>
  );
}

/** What is shown as bad below is a warning as well. */
function unwell(): string[] {
  const now = status.value;
  if (!now) return [];
  const { clock, mqtt, store, telemetry } = now;
  return [
    ...(clock === 'synced' ? [] : [`${say('clock')}: ${say('unsynced')}`]),
    ...(store.ok ? [] : [`${say('store')}: ${say('storeFault', { why: reason(store.because ?? '–') })}`]),
    ...(mqtt === undefined || mqtt.connected
      ? []
      : [`${say('broker')}: ${say('notConnected', { why: reason(mqtt.because ?? '–') })}`]),
    ...(telemetry === undefined || telemetry.ok
      ? []
      : [`${say('telemetry')}: ${say('telemetryFault', { why: reason(telemetry.because ?? '–') })}`]),
  ];
}

/** `bus_io` → `总线 io` */
function partName(id: string): string {
  if (id === 'self_checks') return say('selfChecks');
  if (id === 'mqtt') return say('broker');
  const [, of, name] = /^(bus|channel)_(.+)$/.exec(id) ?? [];
  if (of === undefined || name === undefined) return id;
  return of === 'bus' ? say('busPart', { name }) : say('channelPart', { name: channelName(name) });
}

const mebi = 1024 * 1024;

function size(bytes: number): string {
  if (bytes >= 1024 * mebi) return `${(bytes / 1024 / mebi).toFixed(1)} GB`;
  return bytes >= mebi ? `${(bytes / mebi).toFixed(0)} MB` : `${Math.ceil(bytes / 1024)} kB`;
}

function State(props: { readonly ok: boolean; readonly text: string }) {
  return (
    <Badge tone={props.ok ? 'good' : 'trouble'} shape={props.ok ? '✓' : '✕'}>
      {props.text}
    </Badge>
  );
}

function Gateway({ machine }: { readonly machine: MachineView | undefined }) {
  const now = status.value;
  if (!now) return <Loading />;
  const { history, telemetry, mqtt, store } = now;
  const supply = machine?.underVoltage;
  return (
    <dl class="about">
      <Fact name={say('version')}>{now.version}</Fact>
      <Fact name={say('runsSince')}>
        {moment(now.startedAt).slice(0, 16)} · {span(now.uptimeMs)}
      </Fact>
      <Fact name={say('clock')}>
        <State ok={now.clock === 'synced'} text={say(now.clock)} />
      </Fact>
      {mqtt && (
        <Fact name={say('broker')}>
          <State
            ok={mqtt.connected}
            text={
              mqtt.connected ? say('connected') : say('notConnected', { why: reason(mqtt.because ?? '–') })
            }
          />{' '}
          <bdi class="mono">{mqtt.url}</bdi> · {say('waiting', { count: mqtt.waiting })}
        </Fact>
      )}
      <Fact name={say('store')}>
        <State
          ok={store.ok}
          text={store.ok ? say('good') : say('storeFault', { why: reason(store.because ?? '–') })}
        />{' '}
        {history && say('storeUsed', { used: size(history.bytes), most: size(history.mostBytes) })}
      </Fact>
      {history && history.pruned.facts + history.pruned.events + history.pruned.incidents > 0 && (
        <Fact name={say('pruned')}>{say('prunedCount', { ...history.pruned })}</Fact>
      )}
      {telemetry && (
        <Fact name={say('telemetry')}>
          <State
            ok={telemetry.ok}
            text={
              telemetry.ok ? say('good') : say('telemetryFault', { why: reason(telemetry.because ?? '–') })
            }
          />{' '}
          {telemetry.from !== undefined &&
            say('telemetryFrom', { from: moment(telemetry.from).slice(0, 16), size: size(telemetry.bytes) })}
          {telemetry.dropped > 0 && ` · ${say('dropped', { count: telemetry.dropped })}`}
        </Fact>
      )}
      {machine?.disk && (
        <Fact name={say('disk')}>
          <Used
            name={say('disk')}
            share={1 - machine.disk.freeBytes / machine.disk.totalBytes}
            text={say('diskFree', { free: size(machine.disk.freeBytes), all: size(machine.disk.totalBytes) })}
          />
        </Fact>
      )}
      {machine && (
        <Fact name={say('memory')}>
          <Used
            name={say('memory')}
            share={1 - machine.memory.freeBytes / machine.memory.totalBytes}
            text={say('memoryFree', {
              free: size(machine.memory.freeBytes),
              all: size(machine.memory.totalBytes),
              own: size(machine.memory.ownBytes),
            })}
          />
        </Fact>
      )}
      {machine?.temperatureC !== undefined && (
        <Fact name={say('temperature')}>{machine.temperatureC.toFixed(1)} °C</Fact>
      )}
      {supply && (
        <Fact name={say('supply')}>
          <State
            ok={!supply.now && !supply.since}
            text={say(supply.now ? 'supplyLow' : supply.since ? 'supplyWasLow' : 'supplyGood')}
          />
        </Fact>
      )}
      {machine && (
        <>
          <Fact name={say('load')}>{machine.load.map((each) => each.toFixed(2)).join(' · ')}</Fact>
          <Fact name={say('machineUp')}>{span(machine.uptimeMs)}</Fact>
          {machine.model !== undefined && (
            <Fact name={say('model')}>
              <bdi>{machine.model}</bdi>
            </Fact>
          )}
          <Fact name={say('node')}>{machine.node}</Fact>
        </>
      )}
      <Fact name={say('seq')}>{now.lastSeq}</Fact>
      {history && (
        <Fact name={say('head')} wide>
          <bdi class="mono">{history.head}</bdi>
        </Fact>
      )}
    </dl>
  );
}

function Fact(props: {
  readonly name: string;
  readonly wide?: boolean;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <div class={props.wide ? 'wide' : undefined}>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Used(props: { readonly name: string; readonly share: number; readonly text: string }) {
  const percent = Math.round(100 * props.share);
  return (
    <>
      <meter class="use" min={0} max={100} high={90} value={percent} aria-label={props.name} /> {props.text}
    </>
  );
}

type Part = NonNullable<NonNullable<typeof status.value>['parts']>[number];

function Parts() {
  const [all, showAll] = useState(false);
  const parts = status.value?.parts ?? [];
  const columns: Column<Part>[] = [
    { id: 'part', title: say('part'), head: true, cell: ({ id }) => <bdi>{partName(id)}</bdi> },
    {
      id: 'last',
      title: say('lastWent'),
      cell: ({ ageMs }) =>
        ageMs === undefined
          ? say('nothingExpected')
          : ageMs < 3000
            ? t('time.now')
            : say('agoSpan', { span: span(ageMs) }),
    },
    {
      id: 'restarts',
      title: say('restarts'),
      cell: ({ restarts }) => (restarts === 0 ? '0' : <State ok={false} text={String(restarts)} />),
    },
  ];
  if (parts.length === 0) return <Empty>–</Empty>;
  const some = all ? parts : parts.slice(0, 20);
  return (
    <>
      <Table caption={say('parts')} columns={columns} rows={some} keyOf={({ id }) => id} />
      {some.length < parts.length && (
        <Button onPress={() => showAll(true)}>+ {parts.length - some.length}</Button>
      )}
    </>
  );
}
