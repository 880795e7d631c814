// A GPIO output through the character device: a gpioset holds each line for as long as it lives, and another one
// takes its place for another level. Holders belong to the process and not to a connection, as an exported line
// of sysfs does: a bus that is opened again finds its siren still on.

import { DeviceFault } from '../../src/driver.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { type Child, type Tools, untilHeld } from './children.ts';
import type { OutputLine } from './line.ts';
import { holdCommand, parseLevel, peekCommand, type ToolLine, type ToolsVersion } from './tools.ts';

/** Also where the caller's patience is shorter: a slow machine gets there in the end, if it is not begun anew each time. */
const holdWithinMs = 15_000;

interface Holder {
  readonly child: Child;
  readonly level: boolean;
}

/** The lines that this process holds, by chip and offset. */
export class Holders {
  private readonly tools: Tools;
  private readonly clock: Clock;
  private readonly held = new Map<string, Holder>();
  /** the last change of each line, so that two never cross */
  private readonly turns = new Map<string, Promise<void>>();

  constructor(tools: Tools, clock: Clock) {
    this.tools = tools;
    this.clock = clock;
  }

  private key({ device, offset }: ToolLine): string {
    // a chip that was unplugged and put back is another one, and nothing of it is held
    return `${device}:${offset} ${this.tools.identity(device)}`;
  }

  /** The level that is held; undefined: the line is not. */
  level(line: ToolLine): boolean | undefined {
    const holder = this.held.get(this.key(line));
    return holder?.child.isAlive ? holder.level : undefined;
  }

  /**
   * Drives a line and holds it. A line has one owner: the old holder ends, then the new one takes the line, and in
   * between (5 ms on a Pi) the line is nobody's. That adds no edge: the levels before and after differ, and
   * whatever the free line does is one of the two. Who no longer waits has not stopped it: the next
   * change, or the next try, comes after it. Throws DeviceFault.
   */
  hold(version: ToolsVersion, line: ToolLine, level: boolean, signal?: AbortSignal): Promise<void> {
    const key = this.key(line);
    const turn = (this.turns.get(key) ?? Promise.resolve())
      .catch(() => {})
      .then(async () => {
        const old = this.held.get(key);
        if (old?.child.isAlive && old.level === level) return;
        this.held.delete(key);
        await old?.child.stop();
        const child = this.tools.start(holdCommand(version, line, level));
        try {
          await untilHeld(this.tools, child, this.clock, holdWithinMs);
        } catch (error) {
          await child.stop();
          throw error;
        }
        this.held.set(key, { child, level });
      });
    this.turns.set(key, turn);
    if (signal === undefined) return turn;
    turn.catch(() => {});
    return Promise.race([turn, given(signal)]);
  }

  /** Gives a line back; for one that is to be an input from now on. */
  async release(line: ToolLine): Promise<void> {
    const key = this.key(line);
    const holder = this.held.get(key);
    this.held.delete(key);
    await holder?.child.stop();
  }

  /** Gives all back; for tests, the daemon's lines go with it. */
  async releaseAll(): Promise<void> {
    const all = [...this.held.values()];
    this.held.clear();
    await Promise.all(all.map(({ child }) => child.stop()));
  }

  /** Resolves with the reason when the present holder of a line ends by itself. */
  lost(line: ToolLine): Promise<string> | undefined {
    const key = this.key(line);
    const holder = this.held.get(key);
    return holder?.child.ended.then((why) =>
      this.held.get(key) === holder ? why : new Promise<string>(() => {}),
    );
  }
}

/** Rejects when the caller gives up. */
function given(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = (): void => reject(new DeviceFault('timeout', 'the line was not handed out in time'));
    if (signal.aborted) late();
    else signal.addEventListener('abort', late, { once: true });
  });
}

export interface ToolOutput {
  readonly tools: Tools;
  readonly version: ToolsVersion;
  readonly line: ToolLine;
  readonly holders: Holders;
  /** as gpioinfo has it */
  readonly direction: string;
}

/**
 * An output that is left as it is found until it is driven for the first time: the tools can't take a line over
 * without setting it. Throws DeviceFault.
 */
export async function openToolOutput(output: ToolOutput, gone: (error: Error) => void): Promise<OutputLine> {
  const { tools, version, line, holders, direction } = output;
  const identity = tools.identity(line.device);
  let closed = false;
  let found: boolean | null = null;
  /** a holder that came when nobody waited for it any more */
  let late = false;

  function watchHolder(): void {
    void holders.lost(line)?.then((why) => {
      if (!closed) gone(new DeviceFault('link', `gpioset: ${why}`));
    });
  }

  function ensureThere(): void {
    if (tools.identity(line.device) !== identity) throw new DeviceFault('link', `${line.device} is gone`);
  }

  if (holders.level(line) !== undefined) watchHolder();
  else {
    const peek = peekCommand(version, line, direction);
    if (peek) found = parseLevel(await tools.ask(peek)) ?? null;
  }
  return {
    read() {
      ensureThere();
      // what the kernel was told to drive; a held line can't be read by anybody else
      return holders.level(line) ?? found;
    },
    async write(level, signal) {
      ensureThere();
      const before = holders.level(line);
      found = null;
      try {
        await holders.hold(version, line, level, signal);
      } catch (error) {
        late = true;
        throw error;
      }
      if (before !== level || late) watchHolder();
      late = false;
    },
    close() {
      closed = true;
    },
  };
}
