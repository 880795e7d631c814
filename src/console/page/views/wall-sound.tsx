// The button for this screen's own sound: whether it sounds, who muted it until when, and what to do where the browser
// forbids it. Always in the same place.

import { useSignal } from '@preact/signals';
import { whoIsHere } from '../api.ts';
import { Button } from '../parts/button.tsx';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { allowSound, mute, muted, muteFor, play, soundState, unmute } from '../sound.ts';
import { clock, plural, t } from '../words/index.ts';

const minutes = [5, 10, 30, 60] as const;

export function SoundControl() {
  const asking = useSignal(false);
  const close = (): void => {
    asking.value = false;
  };
  if (soundState.value === 'none') return <p class="sound-note">{t('sound.none')}</p>;
  if (soundState.value === 'blocked')
    return (
      <Button key="blocked" kind="danger" onPress={allowAndTry}>
        <Icon name="warning" /> {t('sound.blocked')}
      </Button>
    );
  if (muted.value)
    return (
      <Button key="muted" kind="danger" onPress={unmute} label={`${mutedText()}. ${t('sound.unmute')}`}>
        <Icon name="mute" /> {mutedText()}
      </Button>
    );
  return (
    <>
      <Button
        key="mute"
        onPress={() => {
          asking.value = true;
        }}
      >
        <Icon name="sound" /> {t('sound.mute')}
      </Button>
      {asking.value && (
        <FormDialog
          title={t('sound.title')}
          action={t('sound.mute')}
          onSubmit={async (fields) => {
            const by = await whoIsHere();
            if (by === undefined) return false;
            muteFor(by, Number(fields.minutes) * 60_000);
            return true;
          }}
          onClose={close}
        >
          <p>{t('sound.text')}</p>
          <Field
            name="minutes"
            label={t('sound.for')}
            value="10"
            choices={minutes.map((count) => [String(count), plural('sound.minutes', count)] as const)}
          />
          <Button onPress={() => play('alarm')}>{t('sound.test')}</Button>
        </FormDialog>
      )}
    </>
  );
}

/** So that whoever pressed knows that it is heard. */
async function allowAndTry(): Promise<void> {
  await allowSound();
  play('trouble');
}

function mutedText(): string {
  const { by = '', untilMs = 0 } = mute.value ?? {};
  return t('sound.mutedBy', { name: by, time: clock(untilMs).slice(0, 5) });
}
