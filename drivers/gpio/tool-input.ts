// A GPIO input through the character device: one gpiomon for each line tells its edges. What gpiomon can't tell
// is the level, and while it has the line nobody else can read it, so a line at rest is looked at again.

import { DeviceFault } from '../../src/driver.ts';
import { type Clock, sleep, type Timer } from '../../src/lib/clock.ts';
import { type Child, type Tools, untilHeld } from './children.ts';
import type { InputLine, LineListener } from './line.ts';
import { parseEdge, parseLevel, type ToolLine, type ToolsVersion, watchCommand } from './tools.ts';

/**
 * An edge between the reading of the level and gpiomon's first look (some milliseconds), and one that the kernel
 * dropped because too many came at once, would be unknown for ever. A line that rests for this long is therefore
 * read again, and watched anew. One that moves is not: its last edge told the level.
 */
export const restMs = 10_000;
/**
 * After a look that found another level, which may have been that of a bounce whose end fell into the same blind time:
 * what was found is held for true no longer than this, so that a contact's `debounce` takes it.
 */
export const doubtMs = 500;
const watchWithinMs = 5000;

export interface ToolInput {
  readonly tools: Tools;
  readonly version: ToolsVersion;
  readonly line: ToolLine;
  readonly clock: Clock;
}

/** Begins to watch a line; resolves when no edge can be missed any more. Throws DeviceFault. */
export async function openToolInput(input: ToolInput, listener: LineListener): Promise<InputLine> {
  const { tools, version, line, clock } = input;
  const identity = tools.identity(line.device);
  let level = false;
  let heardMs = clock.steadyMs();
  let lookAfterMs = restMs;
  let timer: Timer | undefined;
  /** the one that watches now; the end of any other is no news */
  let current: Child | undefined;
  let closed = false;

  function gone(error: Error): void {
    if (closed) return;
    closed = true;
    timer?.cancel();
    listener.gone(error);
  }

  function onEdge(text: string): void {
    const edge = parseEdge(version, text);
    if (edge === undefined || closed) return;
    heardMs = clock.steadyMs();
    lookAfterMs = restMs;
    // An edge to the level that we had: the line went there and back unseen. Both are told.
    if (edge.level === level) listener.level(!level, edge.atMs);
    level = edge.level;
    listener.level(level, edge.atMs);
  }

  /** Resolves when no edge can be missed any more. */
  async function begin(tell: (level: boolean) => void): Promise<void> {
    let found: boolean | undefined;
    const child = tools.start(watchCommand(version, line), (text) => {
      if (found !== undefined) return onEdge(text);
      found = parseLevel(text);
      if (found !== undefined) tell(found);
    });
    current = child;
    try {
      await untilHeld(tools, child, clock, watchWithinMs);
      // written before the line was taken, but perhaps not heard yet
      for (let waitedMs = 0; found === undefined && waitedMs < watchWithinMs; waitedMs += 5)
        await sleep(clock, 5);
      if (found === undefined) throw new DeviceFault('garbled', 'gpioget gave no level');
    } catch (error) {
      current = undefined;
      await child.stop();
      throw error;
    }
    void child.ended.then((why) => {
      if (current === child) gone(new DeviceFault('link', `gpiomon: ${why}`));
    });
  }

  async function lookAgain(): Promise<void> {
    const old = current;
    current = undefined;
    await old?.stop();
    if (closed) return;
    lookAfterMs = restMs;
    await begin((now) => {
      if (closed || now === level) return;
      lookAfterMs = doubtMs;
      level = now;
      listener.level(now);
    });
    heardMs = clock.steadyMs();
    if (closed) await (current as Child | undefined)?.stop();
    else arm(lookAfterMs);
  }

  function arm(afterMs: number): void {
    timer = clock.after(afterMs, () => {
      const restedMs = clock.steadyMs() - heardMs;
      if (restedMs < lookAfterMs) arm(lookAfterMs - restedMs);
      else lookAgain().catch(gone);
    });
  }

  await begin((now) => {
    level = now;
  });
  arm(restMs);
  return {
    read() {
      if (tools.identity(line.device) !== identity) throw new DeviceFault('link', `${line.device} is gone`);
      return level;
    },
    async close() {
      closed = true;
      timer?.cancel();
      const last = current;
      current = undefined;
      await last?.stop();
    },
  };
}
