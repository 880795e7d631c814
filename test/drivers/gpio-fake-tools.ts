// A chip with libgpiod's tools in front of it, in memory: a line has one owner, gpiomon tells edges and no levels,
// a free line falls back to what the wire says. Takes only the options that the tools of that version have.

import type { Child, Tools } from '../../drivers/gpio/children.ts';
import type { Command, ToolsVersion } from '../../drivers/gpio/tools.ts';
import { DeviceFault } from '../../src/driver.ts';
import type { Clock } from '../../src/lib/clock.ts';

/** Options that each program knows, from the tools' own --help. */
const known: Readonly<Record<ToolsVersion, Readonly<Record<string, RegExp>>>> = {
  1: {
    gpioget: /^(?!.)/,
    gpiomon: /^--(line-buffered|format=%e %s %n)$/,
    gpioset: /^--mode=signal$/,
  },
  2: {
    gpioget: /^--(numeric|as-is|chip)$/,
    gpiomon: /^--(edges=both|format=%e %S|chip)$/,
    gpioset: /^--chip$/,
  },
};

interface FakeLine {
  /** what a contact does to it */
  wire: boolean;
  direction: 'input' | 'output';
  owner: FakeChild | undefined;
  consumer: string | undefined;
  driven: boolean | undefined;
}

interface FakeChild extends Child {
  readonly command: string;
  alive: boolean;
  pid: number;
  tell?: ((line: string) => void) | undefined;
  end(why: string): void;
}

export interface FakeTools extends Tools {
  readonly children: FakeChild[];
  line(offset: number): FakeLine;
  set(offset: number, level: boolean): void;
  /** what a voltmeter sees: who drives it, or the wire */
  level(offset: number): boolean;
  /** every level that a voltmeter saw on an output */
  readonly seen: [number, boolean][];
  unplug(): void;
  /** how long a program takes to start */
  slowMs: number;
}

export function fakeTools(version: ToolsVersion, clock: Clock, lines = 28): FakeTools {
  const all = Array.from(
    { length: lines },
    (): FakeLine => ({
      wire: false,
      direction: 'input',
      owner: undefined,
      consumer: undefined,
      driven: undefined,
    }),
  );
  const children: FakeChild[] = [];
  const seen: [number, boolean][] = [];
  let there = true;
  let pids = 0;

  /** The words of one program: its name, the line and what is beyond options. */
  function parse(words: readonly string[]): {
    program: string;
    offset: number;
    level: boolean;
    asIs: boolean;
  } {
    const [program, ...rest] = words;
    const options = rest.filter((word) => word.startsWith('--'));
    const places = rest.filter((word) => !word.startsWith('--'));
    for (const option of options) {
      if (!known[version][program!]?.test(option)) throw new Error(`${program} does not know ${option}`);
    }
    if (version === 2 && rest[rest.indexOf('--chip') + 1] !== 'gpiochip0')
      throw new Error('no chip is named');
    const [device, line] = places;
    if (device !== 'gpiochip0' || places.length !== 2) throw new Error(`not a chip and a line: ${places}`);
    const match = /^(\d+)(?:=([01]))?$/.exec(line!);
    if (!match || (program === 'gpioset') !== (match[2] !== undefined))
      throw new Error(`not a line: ${line}`);
    return {
      program: program!,
      offset: Number(match[1]),
      level: match[2] === '1',
      asIs: options.includes('--as-is'),
    };
  }

  function unbound({ file, args }: Command): readonly string[] {
    expectBound(file, args);
    return args.slice(3);
  }

  function get(words: readonly string[]): string {
    const { offset, asIs } = parse(words);
    const line = all[offset]!;
    if (!there)
      throw new DeviceFault('link', 'gpioget: error reading GPIO values: No such file or directory');
    if (line.owner || line.consumer) {
      throw new DeviceFault('link', 'gpioget: error reading GPIO values: Device or resource busy');
    }
    if (!asIs) line.direction = 'input';
    return line.wire ? '1' : '0';
  }

  function start(command: Command, onLine?: (line: string) => void): FakeChild {
    const words = unbound(command);
    pids += 1;
    let resolve: (why: string) => void = () => {};
    const child: FakeChild = {
      command: words.join(' '),
      pid: pids,
      alive: true,
      tell: onLine,
      ended: new Promise((done) => {
        resolve = done;
      }),
      get isAlive() {
        return child.alive;
      },
      end(why) {
        if (!child.alive) return;
        child.alive = false;
        all.forEach((line, offset) => {
          if (line.owner !== child) return;
          line.owner = undefined;
          line.driven = undefined;
          if (line.direction === 'output') seen.push([offset, line.wire]);
        });
        resolve(why);
      },
      async stop() {
        clock.after(1, () => child.end('ended by SIGTERM'));
        await child.ended;
      },
    };
    children.push(child);
    clock.after(tools.slowMs, () => {
      if (!child.alive) return;
      try {
        take(child, words);
      } catch (error) {
        child.end((error as Error).message);
      }
    });
    return child;
  }

  function take(child: FakeChild, words: readonly string[]): void {
    let last = words;
    if (words[0] === 'sh') {
      const parts = words[2]!
        .split(' && exec ')
        .map((part) => [...part.matchAll(/'([^']*)'/g)].map((m) => m[1]!));
      child.tell?.(get(parts[0]!));
      last = parts[1]!;
    }
    const { program, offset, level } = parse(last);
    const line = all[offset]!;
    if (!there) throw new Error(`${program}: No such file or directory`);
    if (line.owner || line.consumer) throw new Error(`${program}: Device or resource busy`);
    line.owner = child;
    if (program !== 'gpioset') return;
    line.direction = 'output';
    line.driven = level;
    seen.push([offset, level]);
  }

  function expectBound(file: string, args: readonly string[]): void {
    if (file !== 'setpriv' || args.slice(0, 3).join(' ') !== '--pdeathsig TERM --')
      throw new Error(`a child that may outlive the daemon: ${file} ${args}`);
  }

  const tools: FakeTools = {
    children,
    seen,
    slowMs: 10,
    version: async () => version,
    chips: async () => [
      {
        device: 'gpiochip0',
        label: 'pinctrl-bcm2711',
        lines,
        infos: all.map(({ direction, owner, consumer }, offset) => {
          const holder = consumer ?? (owner && /gpio(mon|set)/.exec(owner.command)?.[0]);
          return { name: `GPIO${offset}`, direction, ...(holder !== undefined && { consumer: holder }) };
        }),
      },
    ],
    ask: async (command) => get(unbound(command)),
    start,
    holds: (pid) => all.some(({ owner }) => owner?.pid === pid),
    identity: () => (there ? '380 65024' : undefined),
    line: (offset) => all[offset]!,
    set(offset, level) {
      const line = all[offset]!;
      if (line.wire === level) return;
      line.wire = level;
      const { owner } = line;
      const atMs = 18_000 + clock.steadyMs();
      const seconds = Math.floor(atMs / 1000);
      const nanoseconds = Math.round((atMs % 1000) * 1e6);
      if (version === 1) owner?.tell?.(`${level ? 1 : 0} ${seconds} ${nanoseconds}`);
      else owner?.tell?.(`${level ? 1 : 2} ${seconds}.${String(nanoseconds).padStart(9, '0')}`);
    },
    level: (offset) => all[offset]!.driven ?? all[offset]!.wire,
    unplug() {
      there = false;
    },
  };
  return tools;
}
