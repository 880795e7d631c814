// Drills and the walk test: begun, followed and ended here. Both are loud about what they are: a drill is not real, and
// while detectors are tested their zone is not guarded.

import { useState } from 'preact/hooks';
import type { DrillReport } from '../../../control/types.ts';
import { command } from '../api.ts';
import { planName } from '../names.ts';
import {
  Button,
  ButtonLink,
  Confirm,
  DrillBadge,
  Empty,
  Field,
  fieldsOf,
  Loading,
  Page,
  Section,
  toastReply,
} from '../parts/index.ts';
import { link } from '../router.ts';
import { incidents, loaded, may, site, status } from '../state.ts';
import { moment, nameOf } from '../words/index.ts';
import { placeName, realAlarm, zoneChoices } from './care-parts.ts';
import { say } from './care-words.ts';
import { Check } from './check.tsx';
import { PastDrills } from './past-drills.tsx';
import { WalkTest } from './walk-test.tsx';
import './equipment.css';
import './care.css';

export function DrillsPage() {
  const drills = status.value?.drills ?? [];
  return (
    <Page title={say('drills')} class="drills-page">
      {!loaded.value ? (
        <Loading />
      ) : (
        <>
          {drills.map((drill) => (
            <Running key={drill.incident} drill={drill} />
          ))}
          {realAlarm() && (
            <p class="remark remark-bad" role="status">
              <span aria-hidden="true">▲</span> {say('realAlarm')}
            </p>
          )}
          <div class="side-by-side">
            <Section title={say('drill')} class="panel">
              <StartDrill />
            </Section>
            <Section title={say('walkTest')} class="panel">
              <WalkTest />
            </Section>
          </div>
          <Section title={say('pastDrills')}>
            <PastDrills key={drills.length} />
          </Section>
        </>
      )}
    </Page>
  );
}

function Running({ drill }: { readonly drill: DrillReport }) {
  const [ending, end] = useState(false);
  const open = incidents.value.get(drill.incident);
  const name = open ? nameOf(open.title) : `${planName(drill.plan)} · ${placeName(drill.zone)}`;
  return (
    <section class="loud loud-drill" aria-label={say('drillOn', { name })}>
      <p class="loud-title">
        <DrillBadge /> <bdi>{say('drillOn', { name })}</bdi>
      </p>
      <p>
        {say('drillNot')} {say('since', { time: moment(drill.since) })}
      </p>
      <div class="actions">
        <ButtonLink kind="primary" href={link('incident', drill.incident)}>
          {say('toIncident')}
        </ButtonLink>
        {may('drill') && <Button onPress={() => end(true)}>{say('endDrill')}</Button>}
      </div>
      {ending && (
        <Confirm
          title={say('endDrillTitle', { name })}
          action={say('endDrill')}
          kind="primary"
          onClose={() => end(false)}
          onYes={async () => toastReply(await command('drill', { action: 'stop', incident: drill.incident }))}
        >
          <p>{say('endDrillWarn')}</p>
        </Confirm>
      )}
    </section>
  );
}

interface Wanted {
  readonly plan: string;
  readonly zone: string;
  readonly outputs: boolean;
  readonly channels: boolean;
}

function StartDrill() {
  const [asking, ask] = useState<Wanted | undefined>(undefined);
  const plans = site.value?.plans.filter(({ drill }) => drill) ?? [];
  if (plans.length === 0) return <Empty>{say('noPlans')}</Empty>;
  if (!may('drill'))
    return (
      <>
        <p>{say('drillNot')}</p>
        <p class="soft">{say('needOperate')}</p>
      </>
    );
  const why = realAlarm()
    ? say('notDuringAlarm')
    : (status.value?.drills ?? []).length > 0
      ? say('drillIsOn')
      : undefined;
  const choices: (readonly [string, string])[] = [
    ['', say('choosePlan')],
    ...plans.map(({ id, title }) => [id, nameOf(title)] as const),
  ];
  return (
    <>
      <form
        class="stacked"
        onSubmit={(event) => {
          event.preventDefault();
          const { plan = '', zone = '', outputs, channels } = fieldsOf(event.currentTarget);
          ask({ plan, zone, outputs: outputs === 'on', channels: channels === 'on' });
        }}
      >
        <Field name="plan" label={say('plan')} choices={choices} required />
        <Field name="zone" label={say('zone')} choices={zoneChoices()} />
        <fieldset class="checks">
          <legend>{say('letOut')}</legend>
          <Check name="outputs" label={say('withOutputs')} />
          <Check name="channels" label={say('withChannels')} />
        </fieldset>
        {why !== undefined && <p class="soft">{why}</p>}
        <div class="actions">
          <Button type="submit" kind="primary" disabled={why !== undefined}>
            {say('startDrill')}
          </Button>
        </div>
      </form>
      {asking && (
        <Confirm
          title={say('startDrillTitle', { name: `${planName(asking.plan)} · ${placeName(asking.zone)}` })}
          action={say('startDrill')}
          kind="primary"
          onClose={() => ask(undefined)}
          onYes={async () =>
            toastReply(
              await command('drill', {
                action: 'start',
                plan: asking.plan,
                zone: asking.zone,
                outputs: asking.outputs || undefined,
                channels: asking.channels || undefined,
              }),
            )
          }
        >
          <p>{say('startDrillWarn')}</p>
          {asking.outputs && <p class="warn">{say('letOutputs')}</p>}
          {asking.channels && <p class="warn">{say('letChannels')}</p>}
          {!asking.outputs && !asking.channels && <p>{say('letNothing')}</p>}
        </Confirm>
      )}
    </>
  );
}
