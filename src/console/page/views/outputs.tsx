// The outputs: what each should be and why, what it is, and setting it by hand for a time, after which it is automatic
// again. Asked for twice, because a siren or a valve moves.

import { useState } from 'preact/hooks';
import type { OutputReport } from '../../../control/types.ts';
import { command } from '../api.ts';
import { incidentTitle, namesNow } from '../names.ts';
import {
  Badge,
  Button,
  ButtonLink,
  Confirm,
  Empty,
  Field,
  FormDialog,
  Loading,
  Page,
  Section,
  toastReply,
} from '../parts/index.ts';
import { link } from '../router.ts';
import { loaded, may, site, status } from '../state.ts';
import { clock, nameOf, reason, span } from '../words/index.ts';
import { say } from './equipment-words.ts';
import { Left } from './moments.tsx';
import './equipment.css';

const minuteMs = 60_000;
const lengths: readonly (readonly [given: string, ms: number])[] = [
  ['1m', minuteMs],
  ['5m', 5 * minuteMs],
  ['15m', 15 * minuteMs],
  ['30m', 30 * minuteMs],
  ['1h', 60 * minuteMs],
  ['4h', 240 * minuteMs],
];

export function OutputsPage() {
  const outputs = status.value?.outputs ?? [];
  return (
    <Page
      title={say('outputs')}
      class="outputs-page"
      actions={<ButtonLink href={link('buses')}>{say('busesTitle')}</ButtonLink>}
    >
      {!loaded.value ? (
        <Loading />
      ) : outputs.length === 0 ? (
        <Empty>{say('noOutputs')}</Empty>
      ) : (
        <>
          {!may('output') && <p class="soft">{say('needOperate')}</p>}
          <div class="panels">
            {outputs.map((output) => (
              <OutputCard key={output.id} output={output} />
            ))}
          </div>
        </>
      )}
    </Page>
  );
}

const onOff = (value: boolean | 'keep' | null): string =>
  value === null ? say('unknown') : value === 'keep' ? say('keep') : say(value ? 'on' : 'off');

function Level({ value }: { readonly value: boolean | 'keep' | null }) {
  const shape = value === null ? '?' : value === 'keep' ? '–' : value ? '●' : '○';
  return (
    <span class={`level ${value === true ? 'level-on' : ''}`}>
      <span aria-hidden="true">{shape}</span> {onOff(value)}
    </span>
  );
}

type Asking = 'on' | 'off' | 'auto' | undefined;

function OutputCard({ output }: { readonly output: OutputReport }) {
  const [asking, ask] = useState<Asking>(undefined);
  const about = site.value?.outputs.find(({ id }) => id === output.id);
  const zone = site.value?.zones.find(({ id }) => id === about?.zone);
  const name = nameOf(about?.name ?? output.id);
  const differs = output.actual !== null && output.desired !== 'keep' && output.actual !== output.desired;
  const bad = output.fault !== undefined || differs;
  const close = (): void => ask(undefined);
  return (
    <Section
      title={name}
      class={bad ? 'panel panel-bad' : 'panel'}
      actions={
        output.manual ? (
          <Badge tone="supervisory" shape="◐">
            {say('manual')}
          </Badge>
        ) : undefined
      }
    >
      <dl class="about output-facts">
        <div>
          <dt>{say('actual')}</dt>
          <dd class="output-level">
            <Level value={output.actual} />
          </dd>
        </div>
        <div>
          <dt>{say('wanted')}</dt>
          <dd class="output-level">
            <Level value={output.desired} />
          </dd>
        </div>
        <div class="wide">
          <dt>{say('because')}</dt>
          <dd dir="auto">
            <Because because={output.because} />
          </dd>
        </div>
        {zone && (
          <div>
            <dt>{say('zone')}</dt>
            <dd>
              <bdi>{nameOf(zone.name)}</bdi>
            </dd>
          </div>
        )}
        <div>
          <dt>{say('id')}</dt>
          <dd>
            <bdi class="mono">{output.id}</bdi>
          </dd>
        </div>
      </dl>
      {differs && (
        <p class="remark remark-bad">
          <span aria-hidden="true">✕</span> {say('differs')}
        </p>
      )}
      {output.fault !== undefined && (
        <p class="remark remark-bad" dir="auto">
          <span aria-hidden="true">✕</span> {say('fault')}: {reason(output.fault, namesNow)}
        </p>
      )}
      {output.manual && (
        <p class="remark">
          <ManualLine manual={output.manual} />
        </p>
      )}
      {may('output') && (
        <div class="actions">
          <Button label={`${say('switchOn')}: ${name}`} onPress={() => ask('on')}>
            {say('switchOn')}
          </Button>
          <Button label={`${say('switchOff')}: ${name}`} onPress={() => ask('off')}>
            {say('switchOff')}
          </Button>
          {output.manual && (
            <Button kind="primary" label={`${say('toAutomatic')}: ${name}`} onPress={() => ask('auto')}>
              {say('toAutomatic')}
            </Button>
          )}
        </div>
      )}
      {asking === 'auto' && (
        <Confirm
          title={say('autoTitle', { name })}
          action={say('toAutomatic')}
          kind="primary"
          onClose={close}
          onYes={async () => toastReply(await command('output', { output: output.id, value: 'auto' }))}
        >
          <p>{say('autoWarn')}</p>
        </Confirm>
      )}
      {(asking === 'on' || asking === 'off') && (
        <FormDialog
          title={say('outputTitle', { name, value: say(asking) })}
          action={say(asking === 'on' ? 'switchOn' : 'switchOff')}
          kind="danger"
          onClose={close}
          onSubmit={async ({ length }) =>
            toastReply(await command('output', { output: output.id, value: asking, for: length }))
          }
        >
          <p class="warn">{say('outputWarn')}</p>
          {asking === 'on' && about?.maxOnMs !== undefined && (
            <p>{say('outputLimit', { limit: span(about.maxOnMs) })}</p>
          )}
          <Field
            name="length"
            label={say('handFor')}
            value="5m"
            choices={lengths.map(([given, ms]) => [given, span(ms)] as const)}
          />
        </FormDialog>
      )}
    </Section>
  );
}

/** Where an incident wants it so, the way to that incident. */
function Because({ because }: { readonly because: string }) {
  const id = /, incident (\S+)$/.exec(because)?.[1];
  const words = reason(because, namesNow);
  if (id === undefined || incidentTitle(id) === undefined) return <span>{words}</span>;
  return <a href={link('incident', id)}>{words}</a>;
}

function ManualLine({ manual }: { readonly manual: NonNullable<OutputReport['manual']> }) {
  // (the time left ticks by itself: it is put between the words)
  const [before = '', after = ''] = say('manualUntil', {
    value: say(manual.value ? 'on' : 'off'),
    by: manual.by,
    left: '\u0000',
    until: clock(manual.until),
  }).split('\u0000');
  return (
    <bdi>
      {before}
      <Left until={manual.until} />
      {after}
    </bdi>
  );
}
