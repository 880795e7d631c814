// The walk test: which detectors were heard and which are left, live, while somebody walks round with a phone in the
// hand. The latest one heard stands first, large.

import { useState } from 'preact/hooks';
import type { WalkTestReport } from '../../../control/types.ts';
import { command } from '../api.ts';
import { pointName } from '../names.ts';
import { Button, Confirm, Field, fieldsOf, toastReply } from '../parts/index.ts';
import { may, status } from '../state.ts';
import { clock, span } from '../words/index.ts';
import { placeName, realAlarmIn, zoneChoices } from './care-parts.ts';
import { say } from './care-words.ts';
import { Check } from './check.tsx';
import { Left } from './moments.tsx';

const hourMs = 3_600_000;
const lengths: readonly (readonly [given: string, ms: number])[] = [
  ['30m', hourMs / 2],
  ['1h', hourMs],
  ['2h', 2 * hourMs],
  ['4h', 4 * hourMs],
  ['8h', 8 * hourMs],
];

export function WalkTest() {
  const running = status.value?.walkTest;
  if (running) return <Running test={running} />;
  return may('walktest') ? (
    <Start />
  ) : (
    <>
      <p>{say('walkWhat')}</p>
      <p class="soft">{say('needOperate')}</p>
    </>
  );
}

function Running({ test }: { readonly test: WalkTestReport }) {
  const [stopping, stop] = useState(false);
  const all = test.heard + test.left.length;
  const heard = [...test.proven].reverse();
  return (
    <div class="loud loud-walk">
      <p class="loud-title" role="status">
        <span aria-hidden="true">⚠</span> <bdi>{say('walkOn', { place: placeName(test.zone) })}</bdi>
      </p>
      {test.ending ? <p>{say('walkEnding')}</p> : <Until test={test} />}
      {/* (above the lists: where there is danger it is ended at once) */}
      {may('walktest') && (
        <div class="actions">
          <Button kind="primary" onPress={() => stop(true)}>
            {say('stopWalk')}
          </Button>
        </div>
      )}
      <p class="walk-count">
        <progress
          max={Math.max(1, all)}
          value={test.heard}
          aria-label={say('heardOf', { heard: test.heard, all })}
        />
        <strong>{say('heardOf', { heard: test.heard, all })}</strong>
      </p>
      <p class="walk-last" role="status">
        {heard[0] !== undefined && (
          <>
            <span aria-hidden="true">✓</span> <bdi>{pointName(heard[0]) ?? heard[0]}</bdi>
          </>
        )}
      </p>
      <div class="side-by-side">
        <div>
          <h3>
            {say('left')} ({test.left.length})
          </h3>
          <Names ids={test.left} shape="○" none={say('allHeard')} />
        </div>
        <div>
          <h3>
            {say('heard')} ({test.heard})
          </h3>
          <Names ids={heard} shape="✓" none={say('noneHeard')} />
        </div>
      </div>
      {stopping && (
        <Confirm
          title={say('stopWalkTitle')}
          action={say('stopWalk')}
          kind="primary"
          onClose={() => stop(false)}
          onYes={async () => toastReply(await command('walktest', { action: 'stop' }))}
        >
          <p>
            {test.left.length > 0 ? say('stopWalkWarn', { left: test.left.length }) : say('stopWalkWarnNone')}
          </p>
        </Confirm>
      )}
    </div>
  );
}

function Until({ test }: { readonly test: WalkTestReport }) {
  const [before = '', after = ''] = say('walkBy', {
    by: test.by,
    until: clock(test.until).slice(0, 5),
    left: '\u0000',
  }).split('\u0000');
  return (
    <p>
      <bdi>
        {before}
        <Left until={test.until} />
        {after}
      </bdi>
    </p>
  );
}

function Names(props: { readonly ids: readonly string[]; readonly shape: string; readonly none: string }) {
  if (props.ids.length === 0) return <p class="soft">{props.none}</p>;
  return (
    <ul class="walk-names">
      {props.ids.map((id) => (
        <li key={id}>
          <span aria-hidden="true">{props.shape}</span> <bdi>{pointName(id) ?? id}</bdi>
        </li>
      ))}
    </ul>
  );
}

interface Wanted {
  readonly zone: string;
  readonly length: string;
  readonly buttons: boolean;
}

function Start() {
  const [zone, choose] = useState('');
  // (there alone where it would be tested; the engine judges again)
  const real = realAlarmIn(zone);
  const [asking, ask] = useState<Wanted | undefined>(undefined);
  return (
    <>
      <p>{say('walkWhat')}</p>
      <form
        class="stacked"
        onSubmit={(event) => {
          event.preventDefault();
          const { zone = '', length = '2h', buttons } = fieldsOf(event.currentTarget);
          ask({ zone, length, buttons: buttons === 'on' });
        }}
      >
        <Field name="zone" label={say('zone')} choices={zoneChoices()} onInput={choose} />
        <Field
          name="length"
          label={say('howLong')}
          value="2h"
          choices={lengths.map(([given, ms]) => [given, span(ms)] as const)}
        />
        <Check name="buttons" label={say('withButtons')} />
        {real && <p class="soft">{say('notDuringAlarm')}</p>}
        <div class="actions">
          <Button type="submit" kind="primary" disabled={real !== undefined}>
            {say('startWalk')}
          </Button>
        </div>
      </form>
      {asking && (
        <Confirm
          title={say('startWalkTitle', { place: placeName(asking.zone) })}
          action={say('startWalk')}
          kind="danger"
          onClose={() => ask(undefined)}
          onYes={async () =>
            toastReply(
              await command('walktest', {
                action: 'start',
                zone: asking.zone,
                for: asking.length,
                buttons: asking.buttons || undefined,
              }),
            )
          }
        >
          <p class="warn">{say('startWalkWarn')}</p>
        </Confirm>
      )}
    </>
  );
}
