// One bus over several TCP connections: its devices and outputs are spread over them, and each connection is run as
// a bus of its own. What they say of themselves is put together here: the bus is up while one connection is, and
// the devices behind a lost one are down. Knows no protocol.

import type { OutputConfig } from '../config/types.ts';
import type { Bus, BusOptions } from './bus.ts';
import type { BusFigures, DeviceInput } from './types.ts';

/** What the device layer needs of a bus, however many connections it has. */
export type AnyBus = Pick<
  Bus,
  'start' | 'drive' | 'stop' | 'abandon' | 'figures' | 'progressMs' | 'mostStillMs'
>;

interface Strand {
  readonly bus: Bus;
  readonly options: BusOptions;
  up: boolean | undefined;
  because: string;
}

/** One bus, or as many as its link allows and its devices can use. */
export function startable(options: BusOptions, make: (options: BusOptions) => Bus): AnyBus {
  const { link } = options.bus;
  const wanted = link?.kind === 'tcp' ? (link.connections ?? 1) : 1;
  const count = Math.min(wanted, Math.max(1, options.devices.length));
  return count === 1 ? make(options) : strandsOf(options, count, make);
}

function strandsOf(options: BusOptions, count: number, make: (options: BusOptions) => Bus): AnyBus {
  const strands: Strand[] = [];
  const say = (up: boolean, because: string): void =>
    options.push({ type: 'link', of: 'bus', id: options.bus.id, up, because });
  const behindIt = ({ options: { devices }, because }: Strand): void => {
    for (const { id } of devices) options.push({ type: 'link', of: 'device', id, up: false, because });
  };
  const turned = (strand: Strand, up: boolean, because: string): void => {
    const { up: before } = strand;
    const others = strands.filter((each) => each !== strand);
    const held = others.some((each) => each.up === true);
    strand.up = up;
    strand.because = because;
    if (up && !held) {
      say(true, because);
      for (const each of others) if (each.up === false) behindIt(each);
    } else if (!up && held) behindIt(strand);
    // the last of them to go takes the bus with it; one that never came says so once, for all
    else if (!up && (before === true || others.every((each) => each.up === undefined))) say(false, because);
  };
  for (const part of spread(options, count)) {
    const push = (input: DeviceInput): void => {
      if (input.type === 'link' && input.of === 'bus') turned(strand, input.up, input.because);
      else options.push(input);
    };
    const strand: Strand = { options: part, bus: make({ ...part, push }), up: undefined, because: '' };
    strands.push(strand);
  }
  return {
    start() {
      for (const { bus } of strands) bus.start();
    },
    drive() {
      for (const { bus } of strands) bus.drive();
    },
    async stop(leaves) {
      await Promise.all(strands.map(({ bus }) => bus.stop(leaves)));
    },
    abandon() {
      for (const { bus } of strands) bus.abandon();
    },
    // the one that stands still the longest speaks for all
    progressMs() {
      const all = strands.flatMap(({ bus }) => bus.progressMs() ?? []);
      return all.length === 0 ? undefined : Math.min(...all);
    },
    get mostStillMs() {
      return Math.max(...strands.map(({ bus }) => bus.mostStillMs));
    },
    figures: () => together(strands.map(({ bus }) => bus.figures())),
  };
}

/** Devices by turns; an output goes with the points that its late answers could be taken for. */
function spread(options: BusOptions, count: number): BusOptions[] {
  const strandOf = new Map<string, number>();
  options.devices.forEach((device, at) => {
    for (const { address } of device.points) strandOf.set(address.space, at % count);
  });
  const placeOf = (output: OutputConfig, at: number): number =>
    strandOf.get(output.address.space ?? '') ?? at % count;
  return Array.from({ length: count }, (_, strand) => ({
    ...options,
    devices: options.devices.filter((_device, at) => at % count === strand),
    outputs: options.outputs.filter((output, at) => placeOf(output, at) === strand),
  }));
}

function together(all: readonly BusFigures[]): BusFigures {
  const first = all[0]!;
  const sum = (of: (each: BusFigures) => number): number => all.reduce((total, each) => total + of(each), 0);
  const up = all.some((each) => each.up);
  const because = all.find((each) => each.because !== undefined)?.because;
  const good = all.flatMap(({ lastGoodMs }) => (lastGoodMs === undefined ? [] : [lastGoodMs]));
  return {
    id: first.id,
    driver: first.driver,
    up,
    ...(because === undefined ? {} : { because }),
    requests: sum((each) => each.requests),
    errors: {
      timeout: sum(({ errors }) => errors.timeout),
      exception: sum(({ errors }) => errors.exception),
      garbled: sum(({ errors }) => errors.garbled),
      foreign: sum(({ errors }) => errors.foreign),
      link: sum(({ errors }) => errors.link),
    },
    utilisation: sum((each) => each.utilisation) / all.length,
    oldestMs: Math.max(...all.map((each) => each.oldestMs)),
    ...(good.length > 0 ? { lastGoodMs: Math.min(...good) } : {}),
    // by turns, as they were spread: the order of the site file
    devices: first.devices.flatMap((_, at) => all.flatMap(({ devices }) => devices[at] ?? [])),
  };
}
