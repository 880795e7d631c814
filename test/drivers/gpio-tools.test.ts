// libgpiod's tools: the command lines that each version takes, what each prints, and how their processes are kept.
// Version 1 was recorded from 1.6.3 on a simulated chip; version 2 is as boards with 2.x and its sources have it.

import { describe, expect, it } from 'vitest';
import { systemTools, untilHeld } from '../../drivers/gpio/children.ts';
import {
  holdCommand,
  parseEdge,
  parseLevel,
  parseTools,
  parseVersion,
  peekCommand,
  watchCommand,
} from '../../drivers/gpio/tools.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { until } from '../support/ups.ts';

const line = { device: 'gpiochip0', offset: 17 };

describe('command lines', () => {
  const said = (command: { file: string; args: readonly string[] } | undefined): string | undefined =>
    command && [command.file, ...command.args].join(' ');

  it('watch, peek and hold by version 1', () => {
    expect(said(watchCommand(1, line))).toBe(
      "setpriv --pdeathsig TERM -- sh -c 'gpioget' 'gpiochip0' '17' && exec 'gpiomon' '--line-buffered' '--format=%e %s %n' 'gpiochip0' '17'",
    );
    expect(said(holdCommand(1, line, true))).toBe(
      'setpriv --pdeathsig TERM -- gpioset --mode=signal gpiochip0 17=1',
    );
    expect(said(peekCommand(1, line, 'input'))).toBe('setpriv --pdeathsig TERM -- gpioget gpiochip0 17');
    // gpioget of version 1 makes an input of what it reads
    expect(peekCommand(1, line, 'output')).toBeUndefined();
  });

  it('watch, peek and hold by version 2', () => {
    expect(said(watchCommand(2, line))).toBe(
      "setpriv --pdeathsig TERM -- sh -c 'gpioget' '--numeric' '--chip' 'gpiochip0' '17' && exec 'gpiomon' '--edges=both' '--format=%e %S' '--chip' 'gpiochip0' '17'",
    );
    expect(said(holdCommand(2, line, false))).toBe(
      'setpriv --pdeathsig TERM -- gpioset --chip gpiochip0 17=0',
    );
    expect(said(peekCommand(2, line, 'output'))).toBe(
      'setpriv --pdeathsig TERM -- gpioget --numeric --as-is --chip gpiochip0 17',
    );
  });
});

describe('what the tools print', () => {
  it('versions', () => {
    expect(parseVersion('gpiodetect (libgpiod) v1.6.3\nCopyright (C) 2017-2018')).toBe(1);
    expect(parseVersion('gpiodetect (libgpiod) v2.2.1\n')).toBe(2);
    expect(parseVersion('gpiodetect (libgpiod) v3.0')).toBeUndefined();
    expect(parseVersion('')).toBeUndefined();
  });

  it('levels', () => {
    expect(['1\n', '0\n', '', '"17"=active\n'].map(parseLevel)).toEqual([true, false, undefined, undefined]);
  });

  it('edges of version 1, as recorded from 1.6.3', () => {
    const recorded = '0 18 689797596\n1 19 433965456\n0 20 206756846\n1 20 959546516';
    const edges = recorded.split('\n').map((text) => parseEdge(1, text));
    expect(edges.map((edge) => edge?.level)).toEqual([false, true, false, true]);
    expect(edges[0]!.atMs).toBeCloseTo(18_689.797596, 6);
    expect(parseEdge(1, '1 20 5')!.atMs).toBeCloseTo(20_000.000005, 6); // nanoseconds without leading zeros
    expect(parseEdge(1, '2 20 5')).toBeUndefined();
    expect(parseEdge(1, 'gpiomon: error')).toBeUndefined();
  });

  it('edges of version 2, as its print_event_time writes them', () => {
    expect(parseEdge(2, '1 18.689797596')).toEqual({ level: true, atMs: 18_689.797596 });
    expect(parseEdge(2, '2 18.000000005')!.level).toBe(false);
    expect(parseEdge(2, '0 18.689797596')).toBeUndefined();
    expect(parseEdge(2, '1 18 689797596')).toBeUndefined();
  });

  const detect = 'gpiochip0 [pinctrl-bcm2711] (28 lines)\n';
  it('lines of version 1, as recorded from 1.6.3', () => {
    const info = [
      'gpiochip0 - 28 lines:',
      '\tline   0:     "ID_SDA"       unused   input  active-high ',
      '\tline   1:      unnamed       kernel   input  active-high [used]',
      '\tline  17:     "GPIO17"    "gpiomon"   input  active-high [used]',
      '\tline  22:     "GPIO22"    "gpioset"  output  active-high [used]',
      '\tline  23:     "GPIO23"       unused  output   active-low ',
      '\tline  24:     "GPIO24" "spi0 CS0"  output   active-low [used open-drain]',
    ].join('\n');
    const infos = parseTools(detect, info)[0]!.infos;
    expect([0, 1, 17, 22, 23, 24].map((offset) => infos[offset])).toEqual([
      { name: 'ID_SDA', direction: 'input' },
      { name: '', direction: 'input', consumer: 'kernel' },
      { name: 'GPIO17', direction: 'input', consumer: 'gpiomon' },
      { name: 'GPIO22', direction: 'output', consumer: 'gpioset' },
      { name: 'GPIO23', direction: 'output' },
      { name: 'GPIO24', direction: 'output', consumer: 'spi0 CS0' },
    ]);
  });

  it('lines of version 2, as boards with 2.x show them', () => {
    const info = [
      'gpiochip0 - 58 lines:',
      '\tline   0:\tunnamed         \tinput',
      '\tline   2:\t"GPIO2"         \tinput consumer="kernel"',
      '\tline   8:\t"GPIO8"         \toutput active-low consumer="spi0 CS0"',
      '\tline   9:\tunnamed         \toutput consumer=power-enable',
      '\tline  17:\t"GPIO17"        \toutput consumer="it8951"',
      '\tline  22:\t"GPIO22"        \tinput bias=pull-up',
    ].join('\n');
    const infos = parseTools(detect, info)[0]!.infos;
    expect([0, 2, 8, 9, 17, 22].map((offset) => infos[offset])).toEqual([
      { name: '', direction: 'input' },
      { name: 'GPIO2', direction: 'input', consumer: 'kernel' },
      { name: 'GPIO8', direction: 'output', consumer: 'spi0 CS0' },
      { name: '', direction: 'output', consumer: 'power-enable' },
      { name: 'GPIO17', direction: 'output', consumer: 'it8951' },
      { name: 'GPIO22', direction: 'input' },
    ]);
  });

  it('a chip with two names is one chip', () => {
    const twice = 'gpiochip0 [pinctrl-rp1] (54 lines)\ngpiochip0 [pinctrl-rp1] (54 lines)\n';
    expect(parseTools(twice, '')).toHaveLength(1);
  });
});

describe('a process of a tool', () => {
  const clock = systemClock();
  const tools = systemTools(clock);
  const shell = (script: string) => ({ file: 'sh', args: ['-c', script] });

  it('is heard line by line, and goes when asked', async () => {
    const heard: string[] = [];
    const child = tools.start(shell('echo 1; echo 1 18 5; exec sleep 100'), (text) => heard.push(text));
    await until(() => heard.length === 2);
    expect(heard).toEqual(['1', '1 18 5']);
    expect(tools.holds(child.pid!)).toBe(false);
    await child.stop();
    expect([child.isAlive, await child.ended]).toEqual([false, 'ended by SIGTERM']);
    await child.stop(); // twice does no harm
  });

  it('that will not go is made to go', async () => {
    const heard: string[] = [];
    const child = tools.start(shell('trap "" TERM; echo deaf; while :; do sleep 0.1; done'), (text) =>
      heard.push(text),
    );
    await until(() => heard.length === 1);
    await child.stop();
    expect(await child.ended).toBe('ended by SIGKILL');
  });

  it('says why it ended, and so does waiting for it', async () => {
    const failing = 'echo "gpioget: error reading GPIO values: Device or resource busy" >&2; exit 1';
    await expect(untilHeld(tools, tools.start(shell(failing)), clock, 5000)).rejects.toMatchObject({
      kind: 'link',
      message: 'gpioget: error reading GPIO values: Device or resource busy',
    });
    await expect(tools.ask(shell(failing))).rejects.toThrow(/busy/);
    const missing = tools.start({ file: 'keepwatch-no-such-tool', args: [] });
    expect(await missing.ended).toBe('keepwatch-no-such-tool is not installed');
    await missing.stop();
  });

  it('that never gets its line is waited for only so long', async () => {
    const child = tools.start(shell('exec sleep 100'));
    await expect(untilHeld(tools, child, clock, 50)).rejects.toMatchObject({ kind: 'timeout' });
    await child.stop();
  });

  it('of a chip that is not there has no identity', () => {
    expect(tools.identity('gpiochip_none')).toBeUndefined();
    expect(tools.identity('null')).toMatch(/^\d+ \d+$/);
  });
});
