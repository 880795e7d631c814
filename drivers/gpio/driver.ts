// The `gpio` driver: contacts and relays on the lines of a GPIO chip. Edges are sent unasked at once, and a
// read gives the present levels for the polls that reconcile. Has no debounce and no meaning for a level:
// both are the house's.

import { existsSync } from 'node:fs';
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
import { chardevAccess } from './chardev-access.ts';
import { systemTools, type Tools } from './children.ts';
import type { Access, InputLine, OutputLine } from './line.ts';
import { type Chip, claimOf, type Line, resolveLine } from './lines.ts';
import { onoffSysfs } from './onoff-line.ts';
import { newTakers, sysfsAccess, type Takers } from './sysfs-access.ts';
import { Holders } from './tool-output.ts';

type Edges = 'rising' | 'falling' | 'both';

interface Detail {
  /** as the site file has it */
  readonly line: string;
  /** the point is the number of these edges */
  readonly count?: Edges;
}

export interface GpioOptions {
  readonly clock: Clock;
  readonly tools: Tools;
}

/** What outlives a connection. */
interface House extends GpioOptions {
  readonly holders: Holders;
  readonly takers: Takers;
  openings: number;
  /** edges since the daemon began, by the id of the point that counts them */
  readonly counts: Map<string, number>;
}

const lineKey = z
  .union([z.string().min(1), z.int().min(0)], { error: 'no line is named; write GPIO17, CHIP:17 or 17' })
  .describe('name such as GPIO17, CHIP:OFFSET, or an offset where the bus names the chip');

function lineText(detail: unknown): string {
  return (detail as Detail).line;
}

function edgesOf(count: unknown): Edges | undefined {
  return count === true ? 'rising' : count === false ? undefined : (count as Edges | undefined);
}

/** sysfs where it has chips, because a process drives its lines by itself; else the character device. */
async function chooseAccess(bus: Settings, house: House): Promise<Access> {
  const { clock, tools, holders, takers } = house;
  house.openings += 1;
  const taking = { takers, opening: house.openings };
  const sysfs = path.resolve((bus.sysfs as string | undefined) ?? onoffSysfs);
  const through = (): Promise<Access> => sysfsAccess(sysfs, clock, () => tools.chips(), taking);
  const wanted = bus.access as string | undefined;
  // a folder that was named on purpose is not passed by
  if (wanted === 'sysfs' || (wanted !== 'chardev' && sysfs !== onoffSysfs)) return through();
  if (wanted === 'chardev') return chardevAccess(tools, holders, clock);
  let why: string;
  try {
    const access = await through();
    // newer kernels may have the folder, and chips in it, without the files that hand a line out
    if (access.chips.length > 0 && existsSync(path.join(sysfs, 'export'))) return access;
    why = `${sysfs} has no chips to use`;
  } catch (error) {
    why = (error as Error).message;
  }
  try {
    return await chardevAccess(tools, holders, clock);
  } catch (error) {
    throw new DeviceFault('link', `${why}; ${(error as Error).message}`);
  }
}

/** A line, and all that the site wants of it. */
interface Use {
  readonly line: Line;
  readonly name: string;
  contact?: PointAddress;
  counter?: PointAddress;
  output?: OutputAddress;
}

/** The lines of every point and output of the bus, each once; throws DeviceFault. */
async function findLines(access: Access, bus: Settings, host: Host): Promise<Use[]> {
  const chip = bus.chip as string | undefined;
  const wanted = [
    ...host.points.map((point) => ({
      id: point.id,
      detail: point.detail,
      use: (point.detail as Detail).count === undefined ? { contact: point } : { counter: point },
    })),
    ...host.outputs.map((output) => ({ id: output.id, detail: output.detail, use: { output } })),
  ];
  const resolve = (chips: readonly Chip[]): Line[] =>
    wanted.map(({ detail }) => resolveLine(chips, lineText(detail), chip));
  let lines: Line[];
  try {
    lines = resolve(access.chips);
  } catch {
    try {
      lines = resolve(await access.chipsWithAllNames());
    } catch (error) {
      if (!(error instanceof AddressFault)) throw error;
      throw new DeviceFault('link', `${error.message}; ${error.hint}`);
    }
  }
  const uses = new Map<string, Use>();
  wanted.forEach(({ id, detail, use }, at) => {
    const line = lines[at]!;
    const key = `${line.chip.device ?? line.chip.base}:${line.offset}`;
    const other = uses.get(key);
    // only a contact and the count of its edges can share a line
    const clash =
      other && Object.keys(use).some((kind) => kind === 'output' || other.output || kind in other);
    if (clash) {
      const owner = (other.output ?? other.contact ?? other.counter)!.id;
      throw new DeviceFault(
        'link',
        `${owner} and ${id} are the same line, ${line.chip.label}:${line.offset}`,
      );
    }
    uses.set(key, { ...(other ?? { line, name: lineText(detail) }), ...use });
  });
  return [...uses.values()];
}

async function open(bus: Settings, host: Host, house: House): Promise<Connection> {
  const access = await chooseAccess(bus, house);
  const { counts } = house;
  const inputs = new Map<string, InputLine>();
  const outputs = new Map<string, OutputLine>();
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
    for (const line of outputs.values()) line.close();
    await Promise.all([...new Set(inputs.values())].map((line) => line.close()));
  }

  async function takeInput({ line, name, contact, counter }: Use): Promise<void> {
    const edges = counter && (counter.detail as Detail).count;
    if (counter && !counts.has(counter.id)) counts.set(counter.id, 0);
    const input = await access.input(line, name, {
      level(level, atMs) {
        if (over) return;
        if (counter && (edges === 'both' || level === (edges === 'rising'))) {
          counts.set(counter.id, counts.get(counter.id)! + 1);
        }
        host.log.debug({ line: name, level, atMs, count: counter && counts.get(counter.id) }, 'edge');
        if (contact) host.emit([[contact, level]]);
      },
      gone: (error) => void lost(`the line ${name}`, error),
    });
    for (const point of [contact, counter]) if (point) inputs.set(point.id, input);
  }

  async function take(use: Use): Promise<void> {
    const { line, name, output } = use;
    if (!output) return takeInput(use);
    const gone = (error: Error): void => void lost(`the line ${name}`, error);
    outputs.set(output.id, await access.output(line, name, gone));
  }

  try {
    const uses = await findLines(access, bus, host);
    // what drives comes before what watches
    for (const use of uses.sort((a, b) => Number(!a.output) - Number(!b.output))) await take(use);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async read(request) {
      return request.points.map((point) => {
        const level = attempt(`the line ${lineText(point.detail)}`, () => inputs.get(point.id)!.read());
        return (point.detail as Detail).count === undefined ? level : counts.get(point.id)!;
      });
    },
    async drive(output, value, signal) {
      const what = `the line ${lineText(output.detail)}`;
      // nothing is awaited before the write: a siren sounds in the turn that asked for it
      const written = attempt(what, () => outputs.get(output.id)!.write(value, signal));
      await written?.catch((error: unknown) => {
        // a change that was slow is tried again; the chip is still there
        throw error instanceof DeviceFault && error.kind === 'timeout' ? error : lost(what, error);
      });
    },
    async observe(output) {
      return attempt(`the line ${lineText(output.detail)}`, () => outputs.get(output.id)!.read());
    },
    close,
  };
}

/** The driver with a clock and tools of the caller's choice. */
export function createGpio(options: GpioOptions): Driver {
  const { tools, clock } = options;
  const house: House = {
    tools,
    clock,
    holders: new Holders(tools, clock),
    takers: newTakers(),
    openings: 0,
    counts: new Map(),
  };
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
        access: z
          .enum(['auto', 'sysfs', 'chardev'])
          .default('auto')
          .describe('way to the lines: sysfs, or the character device by libgpiod; auto: sysfs where it is'),
        sysfs: z.string().min(1).default(onoffSysfs).describe('folder of the GPIO chips'),
      },
      device: {},
      point: {
        line: lineKey,
        count: z
          .union([z.boolean(), z.enum(['rising', 'falling', 'both'])], {
            error: 'not possible here; write true, rising, falling or both',
          })
          .optional()
          .describe('the number of edges since the start instead of the level; true: rising'),
      },
      output: { line: lineKey },
    },
    link: () => undefined,
    limits: { most: 1, gap: 0, even: false },
    claims({ bus, point, output }) {
      const line = point?.line ?? output?.line;
      if (line === undefined) return [];
      const claim = claimOf(String(line), bus.chip as string | undefined);
      const counts = `edges of ${claim}`;
      if (output) return [claim, counts];
      return [edgesOf(point?.count) === undefined ? claim : counts];
    },
    point(_bus, _device, point) {
      const count = edgesOf(point.count);
      const detail: Detail = { line: String(point.line), ...(count && { count }) };
      // one request answers the whole chip, so all points are in its one cell
      return { type: count ? 'number' : 'bool', space: 'chip', start: 0, length: 1, detail };
    },
    output: (_bus, output) => ({ detail: { line: String(output.line) } satisfies Detail }),
    open: (bus, host) => open(bus, host, house),
  };
}

const clock = systemClock();
export const gpio: Driver = createGpio({ clock, tools: systemTools(clock) });
