// What the doctor finds on the gateway, the worst first and each with its mend. It looks when the view is opened and when
// somebody wants it again; what is well is folded away.

import { useState } from 'preact/hooks';
import type { DoctorView } from '../../api.ts';
import { Badge, Button, Empty, Failed, Loading, useLoaded } from '../parts/index.ts';
import { made } from '../transfer.ts';
import { moment, nameOf } from '../words/index.ts';
import { doctorLines, type Line } from './doctor-lines.ts';
import { doctorPath } from './paths.ts';
import { say } from './settings-words.ts';

const states = {
  fault: { tone: 'alarm', shape: '✕', word: 'stateFault' },
  note: { tone: 'trouble', shape: '!', word: 'stateNote' },
  good: { tone: 'good', shape: '✓', word: 'stateGood' },
} as const;

export function Doctor({ mayRead }: { readonly mayRead: boolean }) {
  const [looking, setLooking] = useState(true);
  const { data, failure, again } = useLoaded(async () => {
    setLooking(true);
    try {
      return mayRead ? await made<DoctorView>(doctorPath) : undefined;
    } finally {
      setLooking(false);
    }
  }, String(mayRead));
  if (!mayRead) return <Empty>{say('doctorRight')}</Empty>;
  const lines = data && doctorLines(data.looks);
  return (
    <div class="doctor">
      <p class="soft">{say('doctorWhat')}</p>
      <div class="doctor-head">
        <Button disabled={looking} onPress={again}>
          {say('lookAgain')}
        </Button>
        <p role="status">{looking ? say('looking') : data ? say('lookedAt', { at: moment(data.at) }) : ''}</p>
      </div>
      {!looking && failure !== undefined && (
        <Failed message={say('doctorFailed', { why: failure })} onRetry={again} />
      )}
      {lines ? <Lines lines={lines} /> : failure === undefined && <Loading />}
    </div>
  );
}

function Lines({ lines }: { readonly lines: readonly Line[] }) {
  const of = (state: Line['state']): readonly Line[] => lines.filter((line) => line.state === state);
  const [faults, notes, good] = [of('fault'), of('note'), of('good')];
  return (
    <>
      <p>
        <Badge tone={faults.length > 0 ? 'alarm' : 'good'} shape={faults.length > 0 ? '✕' : '✓'}>
          {faults.length > 0 ? say('toMend', { count: faults.length }) : say('doctorWell')}
        </Badge>{' '}
        {notes.length > 0 && say('toNote', { count: notes.length })}
      </p>
      <List lines={[...faults, ...notes]} />
      {good.length > 0 && (
        <details>
          <summary>{say('goodOnes', { count: good.length })}</summary>
          <List lines={good} />
        </details>
      )}
    </>
  );
}

function List({ lines }: { readonly lines: readonly Line[] }) {
  if (lines.length === 0) return null;
  return (
    <ul class="findings">
      {lines.map(({ state, name, what, mend }, index) => {
        const { tone, shape, word } = states[state];
        return (
          <li key={index} class={state === 'fault' ? 'remark remark-bad' : 'remark'}>
            <Badge tone={tone} shape={shape}>
              {say(word)}
            </Badge>{' '}
            <strong dir="auto">{nameOf(name)}</strong> <span dir="auto">{nameOf(what)}</span>
            {mend !== undefined && (
              <p class="mend" dir="auto">
                {say('mend', { mend: nameOf(mend) })}
              </p>
            )}
          </li>
        );
      })}
    </ul>
  );
}
