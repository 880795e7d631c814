// What the doctor makes of GPIO: who may reach the lines, who has one that the site wants, and whether that is the daemon
// itself. The machines are folders shaped like /proc, /sys and /dev; real chips are in test/torture/vm-gpio.ts.

import { afterEach, describe, expect, test } from 'vitest';
import { gpio, isOwn, judgeReach } from '../../src/doctor/gpio.ts';
import { judgeHeld } from '../../src/doctor/gpio-holders.ts';
import { type Machine, type Stat, thisMachine } from '../../src/doctor/machine.ts';
import { rights } from '../../src/doctor/rights.ts';
import type { DaemonState, Finding, GpioAnswer, Patient } from '../../src/doctor/types.ts';
import { newTree, type Tree } from '../support/tree.ts';

const trees: Tree[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) tree.remove();
});
const treeOf = (files: Readonly<Record<string, string>> = {}): Tree => {
  const tree = newTree({ '/etc/group': 'root:x:0:\ngpio:x:997:\n', ...files });
  trees.push(tree);
  return tree;
};

const codes = (findings: readonly Finding[]): string[] =>
  findings.map(({ state, code }) => `${state} ${code}`);
const device = (gid: number): Stat => ({ uid: 0, gid, mode: 0o660, kind: 'device', bytes: 0 });
const exporting = (gid: number): Stat => ({ uid: 0, gid, mode: 0o220, kind: 'file', bytes: 0 });
/** A machine with one chip; its files belong to this group. */
const withChip = (
  gid: number,
  self: { uid: number; groups: number[] } = { uid: 0, groups: [0] },
): Machine => {
  const machine = thisMachine(treeOf({ '/dev/gpiochip0': '' }).root);
  const stats: Record<string, Stat> = {
    '/dev/gpiochip0': device(gid),
    '/sys/class/gpio/export': exporting(gid),
  };
  return { ...machine, ...self, stat: (file) => stats[file] };
};
const runner = (groups: number[], byUnit = true): Patient['runner'] => ({
  name: 'keepwatch',
  uid: 990,
  groups: new Set(groups),
  byUnit,
});

describe('who may reach the lines', () => {
  const reach = (through: GpioAnswer['through'], machine: Machine, who: Patient['runner'], way = {}) =>
    judgeReach('header', { through }, way, { machine, runner: who });

  test.each(['sysfs', 'chardev', 'none'] as const)('by %s, in the group', (through) =>
    expect(reach(through, withChip(997), runner([990, 997]))).toEqual([]),
  );
  test.each([
    ['sysfs', 'keepwatch may not write /sys/class/gpio/export'],
    ['chardev', 'keepwatch may not open /dev/gpiochip0'],
    ['none', 'keepwatch may not open /dev/gpiochip0'],
  ] as const)('by %s, out of the group', (through, what) => {
    const findings = reach(through, withChip(997), runner([990]));
    expect(codes(findings)).toEqual(['fault gpioForbidden']);
    expect(findings[0]!.what.en).toContain(`${what}, which belongs to the group gpio`);
    expect(findings[0]!.mend!.en).toBe(
      'sudo usermod -aG gpio keepwatch, then sudo systemctl restart keepwatch',
    );
  });
  test('a user without a unit must log in again', () =>
    expect(reach('chardev', withChip(997), runner([990], false))[0]!.mend!.en).toMatch(/log in again$/));
  test('files that only root may open: the rules of udev are missing', () =>
    expect(reach('sysfs', withChip(0), runner([990, 997]))[0]!.mend!.en).toContain(
      '60-keepwatch-gpio.rules',
    ));
  test('whoever asks may see nothing, but the daemon may', () => {
    const findings = reach('none', withChip(997, { uid: 1000, groups: [1000] }), runner([990, 997]));
    expect(codes(findings)).toEqual(['note gpioUnseen']);
    expect(findings[0]!.mend!.en).toContain('sudo');
  });
  test('a folder of the bus’s own is not the kernel’s', () =>
    expect(reach('sysfs', withChip(997), runner([990]), { sysfs: '/tmp/x' })).toEqual([]));
});

describe('a line that somebody has', () => {
  const line = { line: 'GPIO17' };
  const holds = (tree: Tree, pid: number, name: string, cgroup: string): void => {
    tree.put(`/proc/${pid}/comm`, `${name}\n`);
    tree.put(`/proc/${pid}/cgroup`, cgroup);
    tree.link(`/proc/${pid}/fd/3`, 'anon_inode:gpio-event');
  };
  const judged = (tree: Tree, holder: string, uid = 0): Finding =>
    judgeHeld('header', line, holder, { ...thisMachine(tree.root), uid });

  test('a process, by its number', () => {
    const tree = treeOf();
    holds(tree, 412, 'gpiomon', '0::/user.slice/session-1.scope\n');
    holds(tree, 413, 'other', '0::/\n');
    tree.put('/proc/414/comm', 'gpiomon\n');
    const { what, mend } = judged(tree, 'gpiomon');
    expect(what.en).toBe('header: "gpiomon" holds GPIO17: gpiomon (412)');
    expect(mend!.en).toContain('sudo kill 412');
  });
  test('a service', () => {
    const tree = treeOf();
    holds(tree, 77, 'python3', '0::/system.slice/lamps.service\n');
    const { what, mend } = judged(tree, 'blinker');
    expect(what.en).toBe('header: "blinker" holds GPIO17: python3 (77, lamps.service)');
    expect(mend!.en).toContain('sudo systemctl disable --now lamps.service');
  });
  test('a driver of the kernel, where no process has any', () =>
    expect(judged(treeOf(), 'onewire@11').mend!.en).toContain('/boot/firmware/config.txt'));
  test('others’ processes are not seen without sudo', () =>
    expect(judged(treeOf(), 'onewire@11', 1000).mend!.en).toContain('sudo'));
  test('sysfs', () => expect(judged(treeOf(), 'sysfs').mend!.en).toContain('boot the machine again'));

  const running = (because: string): DaemonState =>
    ({ is: 'running', status: { buses: [{ id: 'header', up: false, because }] } }) as unknown as DaemonState;
  test.each<[string, DaemonState, boolean]>([
    ['no daemon', { is: 'none' }, false],
    ['one that says nothing', { is: 'silent', because: '' }, true],
    ['one that can’t have it', running('the line GPIO17 (1013) can\'t be had: "gpiomon" holds it'), false],
    ['one that can’t have another', running('the line GPIO1 (997) can\'t be had: "lirc" holds it'), true],
  ])('%s: is it the daemon’s own? %j', (_, state, own) => expect(isOwn('header', line, state)).toBe(own));
});

describe('the whole look', () => {
  const patientOf = (answer: GpioAnswer, asked: unknown[] = []): Patient =>
    ({
      machine: withChip(997),
      config: {
        buses: [{ id: 'header', driver: 'gpio', settings: { access: 'chardev', chip: 'pinctrl-rp1' } }],
        devices: [{ bus: 'header', points: [{ address: { detail: { line: '17' } } }] }],
        outputs: [],
      },
      daemon: { is: 'none' },
      runner: runner([990, 997]),
      askGpio: async (...given: unknown[]) => {
        asked.push(...given);
        return answer;
      },
    }) as unknown as Patient;
  const found: GpioAnswer = {
    through: 'chardev',
    chips: [{ label: 'pinctrl-rp1', lines: 54 }],
    names: [],
    wrong: [],
  };

  test('is asked the way that the bus names', async () => {
    const asked: unknown[] = [];
    expect(codes([...(await gpio.look(patientOf(found, asked)))])).toEqual(['good gpio', 'note gpioNoSysfs']);
    expect(asked).toEqual([[{ line: '17', chip: 'pinctrl-rp1' }], { access: 'chardev' }]);
  });
  test('a held line is found, and is one', async () => {
    const wrong = [{ line: '17', what: '', hint: '', holder: 'lirc' }];
    expect(codes([...(await gpio.look(patientOf({ ...found, wrong })))])).toEqual([
      'good gpio',
      'note gpioNoSysfs',
      'fault gpioHeld',
    ]);
  });
  test('where nothing is seen, and that is why, nothing else is said', async () => {
    const hidden = { ...patientOf({ ...found, through: 'none' }), runner: runner([990]) } as Patient;
    expect(codes([...(await gpio.look(hidden))])).toEqual(['fault gpioForbidden']);
  });
});

describe('the data folder before the first start', () => {
  const judged = (data: string): string[] => {
    const tree = treeOf({
      '/etc/passwd': 'keepwatch:x:990:990::/:/bin/false\n',
      '/usr/lib/systemd/system/keepwatch.service': '[Service]\nUser=keepwatch\nStateDirectory=keepwatch\n',
    });
    const patient = { machine: thisMachine(tree.root), data, runner: runner([990]), file: undefined };
    return codes(rights.look(patient as unknown as Patient) as Finding[]);
  };
  test('systemd makes its own', () => expect(judged('/var/lib/keepwatch')).toEqual(['note dataNone']));
  test('and no other', () => expect(judged('/srv/keepwatch')).toEqual(['fault dataMissing']));
});
