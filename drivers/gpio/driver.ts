// The `gpio` driver: contacts and relays on the lines of a GPIO chip. Edges are sent unasked at once, and a
// read gives the present levels for the polls that reconcile. Has no debounce and no meaning for a level:
// both are the house's.

import path from 'node:path';
import * as z from 'zod';
import {
  AddressFault,
  type Connection,
  DeviceFault,
  type Driver,
  type Host,
  type OutputAddress,
  type PointAddress,
  type Settings,
} from '../../src/driver.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { askTools, listChips, type ToolChip, withToolNames } from './chips.ts';
import { exportLine, type InputLine, type LineListener, type OutputLine, unexportLine } from './line.ts';
import { type Chip, claimOf, type Line, resolveLine } from './lines.ts';
import { onoffSysfs, openOnoffInput, openOnoffOutput } from './onoff-line.ts';
import { openPolledInput, openPolledOutput } from './polled-line.ts';

interface Detail {
  /** as the site file has it */
  readonly line: string;
}

export interface GpioOptions {
  readonly clock: Clock;
  /** libgpiod's tools */
  readonly askTools: () => Promise<readonly ToolChip[]>;
}

const lineKey = z
  .union([z.string().min(1), z.int().min(0)], { error: 'no line is named; write GPIO17, CHIP:17 or 17' })
  .describe('name such as GPIO17, CHIP:OFFSET, or an offset where the bus names the chip');

function lineText(detail: unknown): string {
  return (detail as Detail).line;
}

/** Where every point and output of the bus is; throws DeviceFault. */
async function findLines(
  bus: Settings,
  host: Host,
  options: GpioOptions,
): Promise<ReadonlyMap<string, Line>> {
  let chips: Chip[] = await listChips(bus.sysfs as string);
  const chip = bus.chip as string | undefined;
  const texts = [...host.points, ...host.outputs].map(
    (address) => [address.id, lineText(address.detail)] as const,
  );
  const resolve = (): Map<string, Line> =>
    new Map(texts.map(([id, text]) => [id, resolveLine(chips, text, chip)]));
  let found: Map<string, Line>;
  try {
    found = resolve();
  } catch {
    // only a name that sysfs does not know is worth two child processes
    chips = withToolNames(chips, await options.askTools());
    try {
      found = resolve();
    } catch (error) {
      if (!(error instanceof AddressFault)) throw error;
      throw new DeviceFault('link', `${error.message}; ${error.hint}`);
    }
  }
  const owners = new Map<number, string>();
  for (const [id, line] of found) {
    const owner = owners.get(line.number);
    if (owner !== undefined) {
      throw new DeviceFault(
        'link',
        `${owner} and ${id} are the same line, ${line.chip.label}:${line.offset}`,
      );
    }
    owners.set(line.number, id);
  }
  return found;
}

async function openInput(
  sysfs: string,
  number: number,
  listener: LineListener,
  clock: Clock,
): Promise<InputLine> {
  const watched = sysfs === onoffSysfs ? await openOnoffInput(number, listener) : undefined;
  return watched ?? openPolledInput(sysfs, number, listener, clock);
}

function openOutput(sysfs: string, number: number): Promise<OutputLine> {
  return sysfs === onoffSysfs ? openOnoffOutput(number) : openPolledOutput(sysfs, number);
}

async function open(bus: Settings, host: Host, options: GpioOptions): Promise<Connection> {
  const sysfs = bus.sysfs as string;
  const lines = await findLines(bus, host, options);
  const inputs = new Map<string, InputLine>();
  const outputs = new Map<string, OutputLine>();
  const inputNumbers: number[] = [];
  let over = false;

  function lost(what: string, error: unknown): DeviceFault {
    const why = error instanceof Error ? error.message : String(error);
    const fault = new DeviceFault('link', `${what}: ${why}`);
    if (!over) {
      over = true;
      host.fail(fault);
    }
    return fault;
  }

  function attempt<T>(what: string, act: () => T): T {
    if (over) throw new DeviceFault('link', `${what}: the chip is gone`);
    try {
      return act();
    } catch (error) {
      throw lost(what, error);
    }
  }

  async function close(): Promise<void> {
    over = true;
    for (const line of inputs.values()) line.close();
    for (const line of outputs.values()) line.close();
    // outputs stay exported: giving one back would let a valve or a siren go
    for (const number of inputNumbers) await unexportLine(sysfs, number);
    inputNumbers.length = 0;
  }

  async function takePoint(point: PointAddress): Promise<void> {
    const { number } = lines.get(point.id)!;
    const name = lineText(point.detail);
    await exportLine(sysfs, number, name, options.clock);
    inputNumbers.push(number);
    const listener: LineListener = {
      level(level) {
        if (!over) host.emit([[point, level]]);
      },
      gone: (error) => void lost(`the line ${name}`, error),
    };
    inputs.set(point.id, await openInput(sysfs, number, listener, options.clock));
  }

  async function takeOutput(output: OutputAddress): Promise<void> {
    const { number } = lines.get(output.id)!;
    await exportLine(sysfs, number, lineText(output.detail), options.clock);
    outputs.set(output.id, await openOutput(sysfs, number));
  }

  try {
    for (const output of host.outputs) await takeOutput(output);
    for (const point of host.points) await takePoint(point);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async read(request) {
      return request.points.map((point) =>
        attempt(`the line ${lineText(point.detail)}`, () => inputs.get(point.id)!.read()),
      );
    },
    async drive(output, value) {
      // nothing is awaited before the write: a siren sounds in the turn that asked for it
      attempt(`the line ${lineText(output.detail)}`, () => outputs.get(output.id)!.write(value));
    },
    async observe(output) {
      return attempt(`the line ${lineText(output.detail)}`, () => outputs.get(output.id)!.read());
    },
    close,
  };
}

/** The driver with a clock and tools of the caller's choice. */
export function createGpio(options: GpioOptions): Driver {
  return {
    id: 'gpio',
    summary: 'Contacts and relays on GPIO lines, such as the header of a Raspberry Pi',
    keys: {
      bus: {
        chip: z
          .string()
          .min(1)
          .optional()
          .describe('label of the chip that lines are meant on, such as pinctrl-rp1; default all chips'),
        sysfs: z.string().min(1).default(onoffSysfs).describe('folder of the GPIO chips'),
      },
      device: {},
      point: { line: lineKey },
      output: { line: lineKey },
    },
    link: () => undefined,
    limits: { most: 1, gap: 0, even: false },
    claims({ bus, point, output }) {
      const line = point?.line ?? output?.line;
      return line === undefined ? [] : [claimOf(String(line), bus.chip as string | undefined)];
    },
    point: (_bus, _device, point) => ({
      type: 'bool',
      // one request answers the whole chip, so all points are in its one cell
      space: 'chip',
      start: 0,
      length: 1,
      detail: { line: String(point.line) } satisfies Detail,
    }),
    output: (_bus, output) => ({ detail: { line: String(output.line) } satisfies Detail }),
    open: (bus, host) =>
      open({ ...bus, sysfs: path.resolve((bus.sysfs as string | undefined) ?? onoffSysfs) }, host, options),
  };
}

export const gpio: Driver = createGpio({ clock: systemClock(), askTools });
