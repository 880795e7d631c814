// Runs libgpiod's tools: short ones for their answer, long-lived ones that watch or hold a line for as long as
// they live. What they are to do and what their words mean is in tools.ts.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { DeviceFault } from '../../src/driver.ts';
import { type Clock, sleep } from '../../src/lib/clock.ts';
import { type Command, parseTools, parseVersion, type ToolChip, type ToolsVersion } from './tools.ts';

/** All that the driver wants of the tools and of the kernel beside them. */
export interface Tools {
  /** undefined: they are not installed, or of a version that nobody knows */
  version(): Promise<ToolsVersion | undefined>;
  /** empty where they are not installed or not allowed */
  chips(): Promise<readonly ToolChip[]>;
  /** the answer of a short command; throws DeviceFault */
  ask(command: Command): Promise<string>;
  start(command: Command, onLine?: (line: string) => void): Child;
  /** has this process a line of a chip? */
  holds(pid: number): boolean;
  /** says which chip is behind a name such as `gpiochip0`, so that another one of that name is told apart */
  identity(device: string): string | undefined;
}

export interface Child {
  readonly pid: number | undefined;
  /** resolves with the reason when it is gone and everything that it said has been heard */
  readonly ended: Promise<string>;
  readonly isAlive: boolean;
  /** Asks it to go, makes it go after a second, and resolves when it is gone. */
  stop(): Promise<void>;
}

const run = promisify(execFile);
const answerWithinMs = 5000;
const stopWithinMs = 1000;

function started(clock: Clock, command: Command, onLine?: (line: string) => void): Child {
  const child: ChildProcess = spawn(command.file, command.args, {
    stdio: ['ignore', onLine ? 'pipe' : 'ignore', 'pipe'],
  });
  let words = '';
  let alive = true;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-500);
  });
  if (child.stdout && onLine) createInterface({ input: child.stdout }).on('line', onLine);
  // a process that only holds a line must not keep the daemon from ending
  child.unref();
  (child.stderr as unknown as { unref?(): void }).unref?.();
  (child.stdout as unknown as { unref?(): void } | null)?.unref?.();
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      alive = false;
      resolve(error.code === 'ENOENT' ? `${command.file} is not installed` : error.message);
    });
    child.on('exit', () => {
      alive = false;
    });
    child.on('close', (code, signal) => {
      const said = words.trim().split('\n').at(-1);
      resolve(said || (signal ? `ended by ${signal}` : `ended with ${code}`));
    });
  });
  return {
    pid: child.pid,
    ended,
    get isAlive() {
      return alive;
    },
    async stop() {
      if (alive) child.kill('SIGTERM');
      const force = clock.after(stopWithinMs, () => child.kill('SIGKILL'));
      await ended;
      force.cancel();
    },
  };
}

/** What a process that owns a line has open: `anon_inode:gpio-event` and the like, seen on kernel 6.1. */
function holdsLine(pid: number): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => {
      try {
        return /^anon_inode:\[?gpio/.test(readlinkSync(`${folder}/${name}`));
      } catch {
        return false; // closed since
      }
    });
  } catch {
    return false; // gone
  }
}

export function systemTools(clock: Clock): Tools {
  return {
    async version() {
      const answer = await run('gpiodetect', ['--version'], { timeout: answerWithinMs }).catch(
        () => undefined,
      );
      return answer && parseVersion(answer.stdout);
    },
    async chips() {
      try {
        const options = { timeout: answerWithinMs };
        const [detect, info] = await Promise.all([
          run('gpiodetect', [], options),
          run('gpioinfo', [], options),
        ]);
        return parseTools(detect.stdout, info.stdout);
      } catch {
        return [];
      }
    },
    async ask({ file, args }) {
      try {
        return (await run(file, args, { timeout: answerWithinMs })).stdout;
      } catch (error) {
        const { stderr, message } = error as { stderr?: string; message: string };
        throw new DeviceFault('link', stderr?.trim() || message);
      }
    },
    start: (command, onLine) => started(clock, command, onLine),
    holds: holdsLine,
    identity(device) {
      try {
        const { ino, rdev } = statSync(`/dev/${device}`);
        return `${ino} ${rdev}`;
      } catch {
        return undefined;
      }
    },
  };
}

const glanceMs = 2;

/**
 * Waits until a child has its line, which is when the level is on the wire or every edge from now on is told.
 * Throws DeviceFault where it ended instead, or the time is up.
 */
export async function untilHeld(tools: Tools, child: Child, clock: Clock, withinMs: number): Promise<void> {
  const startedMs = clock.steadyMs();
  for (;;) {
    if (!child.isAlive) throw new DeviceFault('link', await child.ended);
    if (child.pid !== undefined && tools.holds(child.pid)) return;
    if (clock.steadyMs() - startedMs > withinMs) {
      throw new DeviceFault('timeout', 'the line was not handed out in time');
    }
    await sleep(clock, glanceMs);
  }
}
