// Taking a point, its device or its zone out of service and back: asked for with a reason and an end, because what is
// out of service guards nobody. The daemon judges; here it is only asked.

import { useState } from 'preact/hooks';
import type { PointView } from '../../api.ts';
import { command } from '../api.ts';
import { Button, Confirm, Field, FormDialog, toastReply } from '../parts/index.ts';
import { may, site } from '../state.ts';
import { nameOf, span } from '../words/index.ts';
import { say } from './equipment-words.ts';

const hourMs = 3_600_000;
/** as the daemon reads them, with their length */
export const lengths: readonly (readonly [given: string, ms: number])[] = [
  ['30m', hourMs / 2],
  ['1h', hourMs],
  ['2h', 2 * hourMs],
  ['4h', 4 * hourMs],
  ['8h', 8 * hourMs],
  ['24h', 24 * hourMs],
  ['7d', 168 * hourMs],
];

/** The one button that fits: out of service, or back. Nothing where it may not be pressed. */
export function ServiceButton(props: { readonly point: PointView }) {
  const [asking, ask] = useState(false);
  const { point } = props;
  const { disabled } = point;
  if (!may(disabled ? 'enable' : 'disable')) return null;
  const name = nameOf(point.name);
  const close = (): void => ask(false);
  return (
    <>
      <Button
        label={`${disabled ? say('enable') : say('disable')}: ${name}`}
        onPress={() => ask(true)}
        kind={disabled ? 'primary' : 'plain'}
      >
        {disabled ? say('enable') : say('disable')}
      </Button>
      {asking &&
        (disabled ? (
          <EnableDialog of={disabled} onClose={close} />
        ) : (
          <DisableDialog point={point} onClose={close} />
        ))}
    </>
  );
}

function DisableDialog({ point, onClose }: { readonly point: PointView; readonly onClose: () => void }) {
  const device = site.value?.devices.find(({ id }) => id === point.device);
  const zone = site.value?.zones.find(({ id }) => id === point.zone);
  const name = nameOf(point.name);
  const targets: [string, string][] = [
    ['point', say('thisPoint')],
    ['device', say('thisDevice', { name: nameOf(device?.name ?? point.device) })],
    ...(zone ? [['zone', say('thisZone', { name: nameOf(zone.name) })] as [string, string]] : []),
  ];
  const ids: Readonly<Record<string, string | undefined>> = {
    point: point.id,
    device: point.device,
    zone: point.zone,
  };
  return (
    <FormDialog
      title={say('disableTitle', { name })}
      action={say('disable')}
      kind="danger"
      onClose={onClose}
      onSubmit={async ({ of = 'point', reason, length }) =>
        toastReply(await command('disable', { [of]: ids[of], reason, for: length }))
      }
    >
      <p class="warn">{say('disableWarn')}</p>
      <Field name="of" label={say('disableWhat')} choices={targets} value="point" />
      <Field name="reason" label={say('reason')} hint={say('reasonHint')} required />
      <Field
        name="length"
        label={say('howLong')}
        value="2h"
        choices={[
          ...lengths.map(([given, ms]) => [given, span(ms)] as const),
          ['', say('untilEnabled')] as const,
        ]}
      />
    </FormDialog>
  );
}

/** What it was taken out with comes back: the point, its device or its zone. */
function EnableDialog(props: {
  readonly of: NonNullable<PointView['disabled']>;
  readonly onClose: () => void;
}) {
  const { of, id } = props.of;
  const named =
    of === 'zone'
      ? site.value?.zones.find((one) => one.id === id)?.name
      : of === 'device'
        ? site.value?.devices.find((one) => one.id === id)?.name
        : undefined;
  return (
    <Confirm
      title={say('enableTitle', { name: nameOf(named ?? id) })}
      action={say('enable')}
      kind="primary"
      onClose={props.onClose}
      onYes={async () => toastReply(await command('enable', { [of]: id }))}
    >
      <p>{say('enableWarn')}</p>
    </Confirm>
  );
}
