// The `outputs:` section: each output on its bus, what it rests at, how being on is driven, and where a stop of
// the daemon leaves it.

import type { Interlock, Output, Rule } from '../core/types.ts';
import type { Settings } from '../driver.ts';
import { addressFault, type Claims, claimed, claimPlace, type ResolvedBus } from './buses.ts';
import { type Context, defined, entries, pick, refers } from './context.ts';
import type { ResolvedDevice } from './devices.ts';
import { check, type Where } from './issues.ts';
import type { OutputConfig } from './types.ts';
import { show } from './words.ts';
import { isMapping } from './yaml.ts';

export interface ResolvedOutput {
  readonly id: string;
  readonly where: Where;
  readonly zone?: string;
  /** `normal` is given by the rules where the file has none; undefined: it has faults */
  readonly output: (Omit<Output, 'normal'> & { readonly normal: Output['normal'] | undefined }) | undefined;
  readonly config: OutputConfig | undefined;
  /** the driver's own keys, which tell the device that it is part of */
  readonly settings?: Settings;
  /** as the file has it */
  readonly onStop?: boolean | 'keep' | 'normal';
}

/** All outputs, sound or not. */
export function resolveOutputs(
  context: Context,
  buses: ReadonlyMap<string, ResolvedBus>,
  owned: Claims,
): ResolvedOutput[] {
  const { faults, parts } = context;
  return entries(context, 'outputs').map(({ id, raw, where }) => {
    const broken: ResolvedOutput = { id, where, output: undefined, config: undefined };
    if (!isMapping(raw)) {
      faults.fault(where.value([]), `output \`${id}\`: ${show(raw)} is not a map`, 'write `{ bus: … }`');
      return broken;
    }
    const bus = typeof raw.bus === 'string' ? buses.get(raw.bus) : undefined;
    const driver = bus?.driver;
    const checked = check(parts.output(driver), raw, where, faults, true);
    if (checked === undefined) return broken;
    const keys = checked.value;
    const place = { ...broken, ...defined({ zone: keys.zone }) };
    if (!refers(faults, 'bus', keys.bus, buses, () => where.value(['bus']))) return place;
    if (driver === undefined || bus?.settings === undefined || !checked.sound) return place;
    const settings = pick(keys, driver.keys.output);
    try {
      const address = { ...driver.output(bus.settings, settings), id };
      const ofBus = claimed(driver, { bus: bus.settings });
      const words = claimed(driver, { bus: bus.settings, output: settings });
      const own = words.filter((word) => !ofBus.includes(word));
      owned.claim(bus.scope, own, id, claimPlace(where, settings));
      const { name, zone, silenceable, maxOn: maxOnMs, normal, tells, chirp } = keys;
      const { pulse: pulseMs, pattern: patternMs, refresh: refreshMs } = keys;
      return {
        ...place,
        settings,
        output: { ...defined({ id, name, bus: keys.bus, zone, silenceable, maxOnMs, tells, chirp }), normal },
        config: {
          id,
          bus: keys.bus,
          address,
          activeLow: keys.activeLow,
          ...defined({ pulseMs, patternMs, refreshMs }),
        },
        ...defined({ onStop: keys.onStop }),
      };
    } catch (error) {
      addressFault(faults, error, where);
      return place;
    }
  });
}

/** Half a second is already a burden to a line that also polls. */
const shortestRefreshMs = 500;
const shortestPulseMs = 20;

/** The outputs with what rules and interlocks say of them; those with faults are left out. */
export function finishOutputs(
  context: Context,
  resolved: readonly ResolvedOutput[],
  rules: readonly Rule[],
  interlocks: readonly Interlock[],
  devices: readonly ResolvedDevice[],
): { readonly outputs: Output[]; readonly configs: OutputConfig[] } {
  const outputs: Output[] = [];
  const configs: OutputConfig[] = [];
  for (const { id, where, output, config, onStop, settings } of resolved) {
    if (output === undefined || config === undefined) continue;
    const normal = output.normal ?? restsOn(id, rules, interlocks);
    const device = devices.find(
      (one) => one.device?.bus === output.bus && isPartOf(settings, one.settings),
    )?.id;
    const finished: Output = { ...output, normal, ...defined({ device }) };
    outputs.push(finished);
    const moving = config.pulseMs !== undefined || config.patternMs !== undefined;
    checkTimes(context, config, finished, where);
    checkTells(context, finished, where);
    const against = (value: boolean | 'keep'): Interlock | undefined =>
      interlocks.find((interlock) => interlock.output === id && interlock.never === value);
    // What sounds must not go on sounding with nobody there to silence it; a valve, a door, a fan stays as it
    // is, because a restart for an update is no reason to move it.
    const usual = output.silenceable && against(normal) === undefined ? normal : 'keep';
    // the wire of a pulse or pattern is never left on
    const leaves = moving ? false : onStop === undefined ? usual : onStop === 'normal' ? normal : onStop;
    if (moving && (onStop === true || (config.patternMs !== undefined && onStop === 'keep'))) {
      context.faults.fault(
        where.value(['onStop']),
        `\`onStop\`: a ${config.pulseMs === undefined ? 'pattern' : 'pulse'} ends with the daemon`,
        'write `onStop: off`, or leave it out',
      );
    }
    const forbidding = moving ? undefined : against(leaves);
    if (forbidding !== undefined) {
      context.faults.fault(
        where.value(['onStop']),
        `\`onStop\` would leave it ${leaves ? 'on' : 'off'}, which interlock \`${forbidding.id}\` forbids`,
        `write \`onStop: ${leaves ? 'off' : 'on'}\` or \`onStop: keep\``,
      );
    }
    if (output.silenceable && against(false) !== undefined) {
      context.faults.warn(
        where.key([]),
        `output \`${id}\` can't be silenced while interlock \`${against(false)!.id}\` keeps it on`,
        'remove `silenceable` or the interlock',
      );
    }
    configs.push({ ...config, onStop: leaves });
  }
  return { outputs, configs };
}

/** An output and a device with the same station address are one apparatus. */
function isPartOf(output: Settings | undefined, device: Settings): boolean {
  return output?.unit !== undefined && output.unit === device.unit;
}

/** What rests on tells nothing by being on. */
function checkTells({ faults }: Context, { tells, chirp, normal }: Output, where: Where): void {
  for (const [key, has] of [
    ['tells', tells !== undefined],
    ['chirp', chirp === true],
  ] as const) {
    if (has && normal !== false)
      faults.fault(
        where.key([key]),
        `\`${key}\` on an output that rests ${normal === 'keep' ? 'as it is left' : 'on'}`,
        'write `normal: off`, or choose another output',
      );
  }
}

function checkTimes({ faults }: Context, config: OutputConfig, output: Output, where: Where): void {
  const { pulseMs, patternMs, refreshMs } = config;
  if (pulseMs !== undefined && patternMs !== undefined)
    faults.fault(
      where.key(['pattern']),
      'an output has a pulse or a pattern, not both',
      'remove one of them',
    );
  if (pulseMs !== undefined && pulseMs < shortestPulseMs)
    faults.fault(
      where.value(['pulse']),
      `\`pulse\`: too short for a relay`,
      `write ${shortestPulseMs}ms or more`,
    );
  if (patternMs !== undefined && output.normal === 'keep')
    faults.fault(
      where.value(['normal']),
      "`normal`: a pattern can't be left as it is",
      'write `normal: off`, or remove the pattern',
    );
  if (refreshMs !== undefined && refreshMs < shortestRefreshMs)
    faults.fault(
      where.value(['refresh']),
      `\`refresh\`: too often for a line`,
      `write ${shortestRefreshMs}ms or more`,
    );
}

/**
 * An output that rules and interlocks only ever turn off rests on (a supply, a gas valve held open); all others
 * rest off.
 */
function restsOn(id: string, rules: readonly Rule[], interlocks: readonly Interlock[]): boolean {
  const wanted = rules.flatMap((rule) => (Object.hasOwn(rule.outputs, id) ? [rule.outputs[id]!] : []));
  for (const interlock of interlocks) if (interlock.output === id) wanted.push(!interlock.never);
  return wanted.length > 0 && wanted.every((value) => !value);
}
