// Who is told: people with their roles, who is on duty now, the ways to them and how those are, outside numbers; and the
// sign that somebody has looked through all of it.

import { useState } from 'preact/hooks';
import type { ChannelReport } from '../../../control/types.ts';
import type { SiteView } from '../../api.ts';
import { command } from '../api.ts';
import { channelName, numberName, roleName } from '../names.ts';
import {
  Badge,
  Button,
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
import { loaded, may, site, status } from '../state.ts';
import { moment, nameOf, reason } from '../words/index.ts';
import { say } from './care-words.ts';
import './equipment.css';
import './care.css';

type Person = SiteView['people'][number];

export function ContactsPage() {
  const [asking, ask] = useState(false);
  const people = site.value?.people ?? [];
  const checked = status.value?.contactsChecked;
  return (
    <Page
      title={say('contacts')}
      class="contacts-page"
      actions={
        people.length > 0 && may('contacts') ? (
          <Button kind="primary" onPress={() => ask(true)}>
            {say('checked')}
          </Button>
        ) : undefined
      }
    >
      {!loaded.value || !site.value ? (
        <Loading />
      ) : people.length === 0 ? (
        <Empty>{say('noPeople')}</Empty>
      ) : (
        <>
          <p>
            {say('lastChecked')}:{' '}
            {checked ? (
              <bdi>
                {moment(checked.at).slice(0, 16)} · {say('byWhom', { by: checked.by })}
                {checked.note !== undefined && ` · ${checked.note}`}
              </bdi>
            ) : (
              say('notChecked')
            )}
          </p>
          <Section title={say('channels')}>
            <Channels channels={status.value?.people?.channels ?? []} />
          </Section>
          <Section title={say('nobodyFor')}>
            <OnDuty people={people} />
          </Section>
          <Section title={say('people')}>
            <Table caption={say('people')} columns={columns(people)} rows={people} keyOf={({ id }) => id} />
          </Section>
          <Numbers />
        </>
      )}
      {asking && (
        <FormDialog
          title={say('checkedTitle')}
          action={say('checked')}
          onClose={() => ask(false)}
          onSubmit={async ({ note }) => toastReply(await command('contacts', { note }))}
        >
          <p>{say('checkedWarn')}</p>
          <Field name="note" label={say('note')} lines={2} optional />
        </FormDialog>
      )}
    </Page>
  );
}

function Channels({ channels }: { readonly channels: readonly ChannelReport[] }) {
  if (channels.length === 0) return <Empty>{say('noChannels')}</Empty>;
  const rows: Column<ChannelReport>[] = [
    { id: 'channel', title: say('channel'), head: true, cell: ({ id }) => <bdi>{channelName(id)}</bdi> },
    { id: 'type', title: say('type'), cell: ({ type }) => <bdi>{channelName(type)}</bdi> },
    { id: 'state', title: say('state'), cell: (channel) => <WorksBadge ok={channel.ok} /> },
    { id: 'waiting', title: say('underWay'), cell: ({ waiting }) => waiting },
    {
      id: 'because',
      title: say('because'),
      cell: ({ because }) => <bdi>{because === undefined ? '–' : reason(because)}</bdi>,
    },
  ];
  return <Table caption={say('channels')} columns={rows} rows={channels} keyOf={({ id }) => id} />;
}

function WorksBadge({ ok }: { readonly ok: boolean }) {
  return (
    <Badge tone={ok ? 'good' : 'trouble'} shape={ok ? '✓' : '✕'}>
      {say(ok ? 'working' : 'notWorking')}
    </Badge>
  );
}

function OnDuty({ people }: { readonly people: readonly Person[] }) {
  const roles = [...new Set(people.flatMap((person) => person.roles))];
  return (
    <dl class="about">
      {roles.map((role) => {
        const there = people.filter(({ roles: has, onDuty }) => onDuty && has.includes(role));
        return (
          <div key={role}>
            <dt>{roleName(role)}</dt>
            <dd>
              {there.length === 0 ? (
                <span class="warn">
                  <span aria-hidden="true">!</span> {say('nobody')}
                </span>
              ) : (
                there.map(({ id, name }, index) => (
                  <>
                    {index > 0 && ' · '}
                    <bdi key={id}>{nameOf(name)}</bdi>
                  </>
                ))
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function columns(people: readonly Person[]): Column<Person>[] {
  const named = new Map(people.map(({ id, name }) => [id, name]));
  const channels = new Map(status.value?.people?.channels.map((channel) => [channel.id, channel]));
  return [
    { id: 'name', title: say('name'), head: true, cell: ({ name }) => <bdi>{nameOf(name)}</bdi> },
    {
      id: 'duty',
      title: say('duty'),
      cell: ({ onDuty }) => (
        <Badge tone={onDuty ? 'good' : 'plain'} shape={onDuty ? '●' : '○'}>
          {say(onDuty ? 'onDuty' : 'offDuty')}
        </Badge>
      ),
    },
    { id: 'roles', title: say('roles'), cell: ({ roles }) => roles.map(roleName).join(' · ') },
    {
      id: 'channels',
      title: say('channels'),
      cell: (person) =>
        person.channels.length === 0
          ? say('onlyMqtt')
          : person.channels.map((id, index) => (
              <span key={id}>
                {index > 0 && ' → '}
                <bdi>{channelName(id)}</bdi>
                {channels.get(id)?.ok === false && (
                  <span class="warn">
                    {' '}
                    <span aria-hidden="true">✕</span> {say('notWorking')}
                  </span>
                )}
              </span>
            )),
    },
    {
      id: 'deputy',
      title: say('deputy'),
      cell: ({ deputy }) => <bdi>{deputy === undefined ? '–' : nameOf(named.get(deputy) ?? deputy)}</bdi>,
    },
  ];
}

function Numbers() {
  const numbers = Object.entries(site.value?.numbers ?? {});
  if (numbers.length === 0) return null;
  return (
    <Section title={say('numbers')}>
      <dl class="about">
        {numbers.map(([id, number]) => (
          <div key={id}>
            <dt>
              <bdi>{numberName(id)}</bdi>
            </dt>
            <dd>
              <a class="phone" href={`tel:${number.replace(/[^\d+*#]/g, '')}`}>
                <bdi>{number}</bdi>
              </a>
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
