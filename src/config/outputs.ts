// The `outputs:` section: each output on its bus, and what it rests at.

import type { Output } from '../core/types.ts';
import { addressFault, type Claims, claimed, claimPlace, type ResolvedBus } from './buses.ts';
import { type Context, defined, entries, pick, refers } from './context.ts';
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
      const { name, zone, silenceable, maxOn: maxOnMs, normal } = keys;
      return {
        ...place,
        output: { ...defined({ id, name, bus: keys.bus, zone, silenceable, maxOnMs }), normal },
        config: { id, bus: keys.bus, address, activeLow: keys.activeLow },
      };
    } catch (error) {
      addressFault(faults, error, where);
      return place;
    }
  });
}
