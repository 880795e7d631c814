// The gpio driver through libgpiod's tools, of both versions: edges, levels that would be missed, and who holds an
// output. The chip and the tools are in memory; the real ones are tried in gpio-vm.test.ts.

import { describe, expect, it } from 'vitest';
import { createGpio, gpio } from '../../drivers/gpio/driver.ts';
import type { ToolsVersion } from '../../drivers/gpio/tools.ts';
import type { Connection, Host, OutputAddress, PointAddress, Raw, Settings } from '../../src/driver.ts';
import { type VirtualClock, virtualClock } from '../support/clock.ts';
import { type FakeTools, fakeTools } from './gpio-fake-tools.ts';

const never = new AbortController().signal;

function point(id: string, keys: Settings): PointAddress {
  return { id, device: 'inputs', ...gpio.point({}, {}, keys) };
}

function output(id: string, text: string): OutputAddress {
  return { id, ...gpio.output({}, { line: text }) };
}

interface Rig {
  readonly tools: FakeTools;
  readonly clock: VirtualClock;
  readonly emitted: [string, Raw][];
  readonly failures: Error[];
  open(
    points: readonly PointAddress[],
    outputs: readonly OutputAddress[],
    bus?: Settings,
  ): Promise<Connection>;
  /** lets a promise come true while time goes on */
  wait<T>(promise: Promise<T>): Promise<T>;
  read(connection: Connection, ...points: PointAddress[]): Promise<readonly Raw[]>;
}

function rig(version: ToolsVersion): Rig {
  const clock = virtualClock();
  const tools = fakeTools(version, clock);
  const driver = createGpio({ clock, tools });
  const emitted: [string, Raw][] = [];
  const failures: Error[] = [];
  const quiet = (): void => {};
  async function wait<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => {
      over = true;
    };
    promise.then(end, end);
    for (let steps = 0; !over && steps < 20_000; steps += 1) await clock.advance(1);
    return promise;
  }
  return {
    tools,
    clock,
    emitted,
    failures,
    wait,
    open(points, outputs, bus = { access: 'chardev' }) {
      const host: Host = {
        points,
        outputs,
        emit: (values) => emitted.push(...values.map(([each, value]): [string, Raw] => [each.id, value])),
        fail: (fault) => failures.push(fault),
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      };
      return wait(driver.open(bus, host));
    },
    read: (connection, ...points) =>
      connection.read!({ device: 'inputs', space: 'chip', start: 0, length: 1, points }, never),
  };
}

const smoke = point('inputs.smoke', { line: 'GPIO17' });
const edges = point('inputs.edges', { line: 'GPIO17', count: true });
const siren = output('siren', 'GPIO22');

describe.each([1, 2] as const)('an input, by version %d', (version) => {
  it('has a level at opening, and every edge after it', async () => {
    const { open, read, tools, emitted } = rig(version);
    tools.set(17, true);
    const connection = await open([smoke], []);
    expect(await read(connection, smoke)).toEqual([true]);
    for (const level of [false, true, false]) tools.set(17, level);
    expect(emitted.map(([, value]) => value)).toEqual([false, true, false]);
    expect(await read(connection, smoke)).toEqual([false]);
  });

  it('that changed between the reading of its level and the watching is found by the next look', async () => {
    const { open, read, tools, emitted, clock } = rig(version);
    const connection = await open([smoke], []);
    tools.line(17).wire = true; // an edge that nobody saw
    await clock.advance(9000);
    expect(emitted).toEqual([]);
    await clock.advance(2000);
    expect(emitted).toEqual([['inputs.smoke', true]]);
    expect(await read(connection, smoke)).toEqual([true]);
    tools.set(17, false);
    expect(emitted.at(-1)).toEqual(['inputs.smoke', false]);
  });

  it('whose level at a look was that of a bounce is not believed for long', async () => {
    const { open, tools, emitted, clock } = rig(version);
    await open([smoke], []);
    tools.line(17).wire = true;
    await clock.advance(10_100);
    expect(emitted).toEqual([['inputs.smoke', true]]);
    tools.line(17).wire = false; // before the new gpiomon had the line
    await clock.advance(600);
    expect(emitted.at(-1)).toEqual(['inputs.smoke', false]);
    // and at rest it is looked at no more often than before
    const looks = tools.children.length;
    await clock.advance(8000);
    expect(tools.children.length).toBeLessThanOrEqual(looks + 1);
  });

  it('whose edge was missed tells both when it comes back', async () => {
    const { open, tools, emitted } = rig(version);
    await open([smoke], []);
    tools.line(17).wire = true;
    tools.set(17, false);
    expect(emitted.map(([, value]) => value)).toEqual([true, false]);
  });

  it('that moves is not looked at, and one at rest without end', async () => {
    const { open, tools, emitted, clock } = rig(version);
    await open([smoke], []);
    for (let time = 0; time < 20; time += 1) {
      tools.set(17, time % 2 === 0);
      await clock.advance(5000);
    }
    expect(tools.children).toHaveLength(1);
    expect(emitted).toHaveLength(20);
    await clock.advance(60_000);
    expect(tools.children.length).toBeGreaterThan(5);
    expect(tools.children.filter((child) => child.isAlive)).toHaveLength(1);
    expect(emitted).toHaveLength(20);
  });

  it('whose gpiomon dies is reported once, and given back', async () => {
    const { open, read, tools, failures, clock } = rig(version);
    const connection = await open([smoke], []);
    tools.children[0]!.end('gpiomon: error reading line events: No such device');
    await clock.advance(100);
    expect(failures.map(({ message }) => message)).toEqual([
      'the line GPIO17: gpiomon: gpiomon: error reading line events: No such device',
    ]);
    await expect(read(connection, smoke)).rejects.toMatchObject({ kind: 'link' });
    await connection.close();
    await clock.advance(60_000);
    expect(tools.children).toHaveLength(1);
  });

  it('of a chip that was unplugged is refused', async () => {
    const { open, read, tools, failures } = rig(version);
    const connection = await open([smoke], []);
    tools.unplug();
    await expect(read(connection, smoke)).rejects.toThrow(/gpiochip0 is gone/);
    expect(failures).toHaveLength(1);
  });

  it('is given back at closing', async () => {
    const { open, tools, wait } = rig(version);
    await wait((await open([smoke], [])).close());
    expect(tools.line(17).owner).toBeUndefined();
    await open([smoke], []);
    expect(tools.line(17).owner).toBeDefined();
  });

  it('that somebody else has is refused, with who it is', async () => {
    const { open, tools } = rig(version);
    tools.line(17).consumer = 'w1';
    await expect(open([smoke], [])).rejects.toThrow(/GPIO17 can't be had: "w1" holds it/);
  });

  it('counts its edges beside the contact', async () => {
    const { open, read, tools } = rig(version);
    const both = point('inputs.both', { line: 'GPIO18', count: 'both' });
    const low = point('inputs.low', { line: 'GPIO19', count: 'falling' });
    const connection = await open([smoke, edges, both, low], []);
    expect(await read(connection, smoke, edges, both, low)).toEqual([false, 0, 0, 0]);
    for (let time = 0; time < 5; time += 1) for (const at of [17, 18, 19]) tools.set(at, time % 2 === 0);
    expect(await read(connection, smoke, edges, both, low)).toEqual([true, 3, 5, 2]);
  });
});

describe.each([1, 2] as const)('an output, by version %d', (version) => {
  it('is left alone until it is driven, then held', async () => {
    const { open, tools, wait } = rig(version);
    tools.line(22).wire = true;
    const connection = await open([], [siren]);
    expect(await connection.observe!(siren, never)).toBe(true);
    expect(tools.children).toEqual([]);
    await wait(connection.drive!(siren, true, never));
    expect([tools.level(22), tools.line(22).direction]).toEqual([true, 'output']);
    expect(await connection.observe!(siren, never)).toBe(true);
  });

  it('that was an output is not made an input to be read', async () => {
    const { open, tools } = rig(version);
    Object.assign(tools.line(22), { direction: 'output', wire: true });
    const connection = await open([], [siren]);
    expect(tools.line(22).direction).toBe('output');
    expect(await connection.observe!(siren, never)).toBe(version === 1 ? null : true);
  });

  it('changes once for each drive, whatever the free line does in between', async () => {
    for (const floating of [false, true]) {
      const { open, tools, wait } = rig(version);
      tools.set(22, floating);
      const connection = await open([], [siren]);
      for (const level of [true, false, true, true, false])
        await wait(connection.drive!(siren, level, never));
      const levels = tools.seen.map(([, level]) => level);
      expect(levels.filter((level, at) => level !== levels[at - 1])).toEqual([true, false, true, false]);
      expect(tools.children).toHaveLength(4); // the same level again costs nothing
      expect(tools.children.filter((child) => child.isAlive)).toHaveLength(1);
    }
  });

  it('drives in turn what was asked for at once', async () => {
    const { open, tools, wait } = rig(version);
    const connection = await open([], [siren]);
    await wait(Promise.all([true, false, true].map((level) => connection.drive!(siren, level, never))));
    expect(tools.level(22)).toBe(true);
  });

  it('stays on when the bus is opened again, and by the same holder', async () => {
    const { open, tools, wait } = rig(version);
    const first = await open([smoke], [siren]);
    await wait(first.drive!(siren, true, never));
    await wait(first.close());
    expect(tools.level(22)).toBe(true);
    const seen = tools.seen.length;
    const second = await open([smoke], [siren]);
    expect(await second.observe!(siren, never)).toBe(true);
    await wait(second.drive!(siren, true, never));
    expect(tools.seen).toHaveLength(seen);
  });

  it('whose holder dies is reported, and held again after the next opening', async () => {
    const { open, tools, wait, failures, clock } = rig(version);
    const first = await open([], [siren]);
    await wait(first.drive!(siren, true, never));
    tools.children[0]!.end('ended by SIGKILL');
    await clock.advance(10);
    expect(failures[0]!.message).toBe('the line GPIO22: gpioset: ended by SIGKILL');
    await wait(first.close());
    const second = await open([], [siren]);
    await wait(second.drive!(siren, true, never));
    expect(tools.level(22)).toBe(true);
  });

  it('that becomes an input is let go', async () => {
    const { open, tools, wait } = rig(version);
    const first = await open([], [siren]);
    await wait(first.drive!(siren, true, never));
    await wait(first.close());
    await open([point('inputs.was', { line: 'GPIO22' })], []);
    expect(tools.line(22).driven).toBeUndefined();
  });

  it('that can not be had says why', async () => {
    const { open, tools, wait, failures } = rig(version);
    const connection = await open([], [siren]);
    tools.line(22).consumer = 'lirc';
    await expect(wait(connection.drive!(siren, true, never))).rejects.toThrow(/busy/);
    expect(failures).toHaveLength(1);
  });

  it('on a machine that is slower than anybody waits is driven all the same, and not begun anew', async () => {
    const { open, tools, wait, failures, clock } = rig(version);
    const connection = await open([], [siren]);
    tools.slowMs = 3000;
    for (let tries = 0; tries < 2; tries += 1) {
      const patience = new AbortController();
      const driven = connection.drive!(siren, true, patience.signal);
      await clock.advance(1000);
      patience.abort();
      await expect(wait(driven)).rejects.toMatchObject({ kind: 'timeout' });
    }
    await clock.advance(1500);
    expect(tools.level(22)).toBe(true);
    await wait(connection.drive!(siren, true, never));
    expect(tools.children).toHaveLength(1);
    expect(failures).toEqual([]);
    tools.children[0]!.end('ended by SIGKILL');
    await clock.advance(10);
    expect(failures[0]!.message).toBe('the line GPIO22: gpioset: ended by SIGKILL');
  });

  it('that is never handed out is given up in the end, and tried anew', async () => {
    const { open, tools, wait } = rig(version);
    const connection = await open([], [siren]);
    tools.slowMs = 3_600_000;
    await expect(wait(connection.drive!(siren, true, never))).rejects.toMatchObject({ kind: 'timeout' });
    tools.slowMs = 10;
    await wait(connection.drive!(siren, true, never));
    expect(tools.level(22)).toBe(true);
  });
});

describe('the way to the lines', () => {
  it('is the character device where sysfs has no chips', async () => {
    const { open, tools } = rig(1);
    await open([smoke], [], {});
    expect(tools.children).toHaveLength(1);
  });
  it('says what is missing on both ways', async () => {
    const { tools, clock, wait } = rig(1);
    const driver = createGpio({ clock, tools: { ...tools, version: async () => undefined } });
    const host = { points: [smoke], outputs: [], emit() {}, fail() {} } as unknown as Host;
    await expect(wait(driver.open({}, host))).rejects.toThrow(/sysfs|gpio.*apt install gpiod/s);
    const empty = createGpio({ clock, tools: { ...tools, chips: async () => [] } });
    await expect(wait(empty.open({ access: 'chardev' }, host))).rejects.toThrow(/gpiodetect shows no chip/);
  });

  it('finds lines by name, by chip and offset, and refuses two on one', async () => {
    const { open, wait } = rig(2);
    const connection = await open([point('a.x', { line: 'pinctrl-bcm2711:4' }), smoke, edges], []);
    await wait(connection.close());
    await expect(open([smoke, point('a.x', { line: 'pinctrl-bcm2711:17' })], [])).rejects.toThrow(
      /inputs\.smoke and a\.x are the same line/,
    );
    await expect(open([edges], [output('o', 'GPIO17')])).rejects.toThrow(/same line/);
    await expect(open([point('a.x', { line: 'GPIO99' })], [])).rejects.toThrow(/GPIO99.*names here/);
  });

  it('claims a count apart from its contact, and an output both', () => {
    expect(gpio.claims({ bus: {}, point: { line: 'GPIO17', count: true } })).toEqual([
      'edges of line GPIO17',
    ]);
    expect(gpio.claims({ bus: {}, point: { line: 'GPIO17', count: false } })).toEqual(['line GPIO17']);
    expect(gpio.claims({ bus: {}, output: { line: 'GPIO17' } })).toEqual([
      'line GPIO17',
      'edges of line GPIO17',
    ]);
  });
});
