// What the doctor makes of what a machine says: every judge on the values that matter. The machines are folders shaped
// like /sys, /proc and /etc; nothing in them behaves.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { judgeRights } from '../../src/doctor/broker.ts';
import { judgeDates } from '../../src/doctor/certificates.ts';
import { judgeClock, judgeRtc } from '../../src/doctor/clock.ts';
import { judgeConsole } from '../../src/doctor/console.ts';
import { judgeMount, judgeSpace, judgeWear, mountOf } from '../../src/doctor/disk.ts';
import { nearNames } from '../../src/doctor/gpio.ts';
import { isLocked } from '../../src/doctor/holders.ts';
import { examine } from '../../src/doctor/index.ts';
import { judgePanic, judgeSwap, judgeWatchdog } from '../../src/doctor/kernel.ts';
import { type Heard, judgeAnswers } from '../../src/doctor/lines.ts';
import { thisMachine } from '../../src/doctor/machine.ts';
import { may, runnerOf } from '../../src/doctor/people.ts';
import { judgeDegrees, judgeThrottled } from '../../src/doctor/power.ts';
import { judgeArch, judgeModule, judgeNode } from '../../src/doctor/program.ts';
import { isConsole, judgeAlike, serial } from '../../src/doctor/serial.ts';
import { type Finding, type Patient, say } from '../../src/doctor/types.ts';
import { judgeUnit } from '../../src/doctor/unit.ts';
import { effectiveUnit, parseUnit } from '../../src/doctor/unit-file.ts';
import { newTree, type Tree } from '../support/tree.ts';

const trees: Tree[] = [];
const machineOf = (files: Readonly<Record<string, string>>) => {
  const tree = newTree(files);
  trees.push(tree);
  return { tree, machine: thisMachine(tree.root) };
};
afterEach(() => {
  for (const tree of trees.splice(0)) tree.remove();
});

const codes = (findings: readonly Finding[]): string[] =>
  findings.map(({ state, code }) => `${state} ${code}`);
const day = 86_400_000;
const now = Date.parse('2026-11-24T12:00:00Z');

describe('the program', () => {
  test.each([
    ['v18.20.4', 'fault nodeTooOld'],
    ['v20.18.0', 'fault nodeTooOld'],
    ['v20.19.0', 'note nodeOld'],
    ['v24.1.0', 'good node'],
    ['v27.0.0', 'fault nodeTooNew'],
  ])('%s', (version, code) => expect(codes([judgeNode(version)])).toEqual([code]));

  test('a compiled module that fits, that is made for another Node, or that would end the process', () => {
    const other = Object.assign(
      new Error(
        "The module '/a/b.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 115. This version of Node.js requires\nNODE_MODULE_VERSION 137.",
      ),
      { code: 'ERR_DLOPEN_FAILED' },
    );
    expect(judgeModule({ aborts: false }, 'v24.21.0')).toEqual([]);
    const [unfit] = judgeModule({ error: other, aborts: false }, 'v24.21.0');
    expect(unfit).toMatchObject({ state: 'fault', code: 'moduleUnfit' });
    expect(unfit!.what.en).toBe(
      'the compiled module /a/b.node is made for Node 20, and this is Node 24.21.0',
    );
    expect(codes(judgeModule({ aborts: true }, 'v24.21.0'))).toEqual(['fault moduleAborts']);
  });

  test.each([
    ['arm64', 'good arch'],
    ['x64', 'good arch'],
    ['arm', 'fault arch'],
    ['ia32', 'fault arch'],
  ])('%s', (arch, code) => expect(codes([judgeArch(arch)])).toEqual([code]));
});

describe('power and heat', () => {
  test.each([
    ['0x0', ['good power']],
    ['0', ['good power']],
    ['0x50005', ['fault underVoltage', 'note throttled']],
    ['50000', ['fault underVoltagePast', 'note throttledPast']],
    ['0x80008', ['note throttled']],
    ['0x40000', ['note throttledPast']],
    ['nonsense', []],
  ])('the firmware says %s', (bits, expected) => expect(codes(judgeThrottled(bits))).toEqual(expected));

  test('a machine that tells nothing of it', () => expect(judgeThrottled(undefined)).toEqual([]));

  test.each([
    [45, 'good heat'],
    [71, 'note warm'],
    [80, 'fault hot'],
  ])('%i degrees', (degrees, code) => expect(codes([judgeDegrees(degrees)])).toEqual([code]));
});

describe('the disk', () => {
  const roomy = { freeBytes: 4e9, allBytes: 8e9, freeNodes: 9e5, allNodes: 1e6 };
  test.each([
    [roomy, ['good disk']],
    [{ ...roomy, freeBytes: 1e8 }, ['note diskTight']],
    [{ ...roomy, freeBytes: 1e6 }, ['fault diskFull']],
    [{ ...roomy, freeNodes: 3 }, ['good disk', 'fault diskNodes']],
    [{ ...roomy, freeNodes: 0, allNodes: 0 }, ['good disk']],
  ])('%j', (space, expected) => expect(codes(judgeSpace('/data', space, 5e8))).toEqual(expected));

  const mounts = [
    '/dev/mmcblk0p2 / ext4 ro,noatime 0 0',
    '/dev/mmcblk0p3 /var/lib/keep\\040watch ext4 rw 0 0',
    'tmpfs /run tmpfs rw,nosuid 0 0',
    '/dev/sda1 /run/x vfat rw 0 0',
  ].join('\n');
  test.each([
    ['/etc', undefined, 'fault diskReadOnly'],
    ['/var/lib/keep watch/data', true, 'good mount'],
    ['/var/lib/keep watch', false, 'note diskNoJournal'],
    ['/var/lib/keep watcher', undefined, 'fault diskReadOnly'],
    ['/run/keepwatch', undefined, 'fault diskMemory'],
    ['/run/x', undefined, 'note diskNoJournal'],
  ])('%s', (folder, journal, code) =>
    expect(codes(judgeMount(mountOf(mounts, folder)!, journal))).toEqual([code]),
  );

  test.each([
    ['0x01 0x02', '0x01', ['good card']],
    ['0x09 0x01', '0x01', ['note cardWearing']],
    ['0x02 0x02', '0x02', ['note cardWearing']],
    ['0x0b 0x01', '0x01', ['fault cardWorn']],
    ['0x02 0x01', '0x03', ['fault cardWorn']],
    ['0x00 0x00', '0x00', []],
  ])('a card that says %s and %s', (life, eol, expected) => {
    const { machine } = machineOf({
      '/sys/block/mmcblk0/device/life_time': `${life}\n`,
      '/sys/block/mmcblk0/device/pre_eol_info': `${eol}\n`,
      '/sys/block/mmcblk0boot0/device/life_time': '0x0b 0x0b\n',
      '/sys/block/sda/device/life_time': '0x0b 0x0b\n',
    });
    expect(codes(judgeWear(machine))).toEqual(expected);
  });
});

describe('certificates', () => {
  const of = say('证书', 'certificate');
  test.each([
    [-2, -1, 'fault cExpired'],
    [-2, 20, 'note cSoon'],
    [-2, 90, 'good c'],
    [1, 90, 'fault cNotYet'],
  ])('from day %i to day %i', (from, to, code) => {
    const judged = judgeDates('c', of, { from: now + from * day, to: now + to * day }, now);
    expect(codes([judged])).toEqual([code]);
    if (code.startsWith('note')) expect(judged.what.en).toContain('in 20 days');
  });
});

test.each([
  [[1, 1], 'good brokerLogin', 'may subscribe'],
  [[1, 0x80], 'fault brokerRights', 'x/receipt'],
  [[0x87, 1], 'fault brokerRights', 'x/command'],
])('the broker grants %j', (granted, code, words) => {
  const findings = judgeRights(['x/command', 'x/receipt'], granted);
  expect(codes(findings)).toEqual([code]);
  expect(findings[0]!.what.en).toContain(words);
});

describe('the clock', () => {
  test.each([
    [true, now, 'good clock'],
    [false, now, 'fault clockUnsynced'],
    [undefined, now, 'note clockUnknown'],
    [true, 0, 'fault clockWrong'],
  ])('synchronised: %s, at %i', (synced, at, code) =>
    expect(codes([judgeClock(synced, at)])).toEqual([code]),
  );

  test.each([
    [{}, ['note noRtc']],
    [{ '/sys/class/rtc/rtc0/name': 'rtc-pcf8523' }, ['good rtc']],
    [{ '/sys/class/rtc/rtc0/battery_voltage': '3012000\n' }, ['good rtc']],
    [{ '/sys/class/rtc/rtc0/battery_voltage': '0\n' }, ['note rtcBattery']],
  ])('%j', (files, expected) => {
    const { machine } = machineOf(files as Record<string, string>);
    expect(codes(judgeRtc(machine))).toEqual(expected);
  });
});

describe('kernel', () => {
  test.each(['0', '10'])('panic %s', (text) => {
    const { machine } = machineOf({ '/proc/sys/kernel/panic': `${text}\n` });
    expect(codes(judgePanic(machine))).toEqual([text === '0' ? 'note panicStays' : 'good panic']);
  });

  test('a hardware watchdog that is off, commented out, or on', () => {
    const dev = { '/dev/watchdog0': '' };
    const conf = '/etc/systemd/system.conf';
    const of = (files: Record<string, string>): string[] => codes(judgeWatchdog(machineOf(files).machine));
    expect(of({})).toEqual([]);
    expect(of(dev)).toEqual(['note watchdogOff']);
    expect(of({ ...dev, [conf]: '#RuntimeWatchdogSec=15s\n' })).toEqual(['note watchdogOff']);
    expect(of({ ...dev, [conf]: 'RuntimeWatchdogSec=0\n' })).toEqual(['note watchdogOff']);
    expect(of({ ...dev, [`${conf}.d/60.conf`]: '[Manager]\nRuntimeWatchdogSec=15s\n' })).toEqual([
      'good watchdog',
    ]);
  });

  test.each([
    ['/dev/zram0 partition 1 0 100', 'good swap'],
    ['/var/swap file 1 0 -2', 'note swapOnCard'],
  ])('swap on %s', (line, code) => {
    const { machine } = machineOf({ '/proc/swaps': `Filename Type Size Used Priority\n${line}\n` });
    expect(codes(judgeSwap(machine))).toEqual([code]);
  });
});

describe('the unit', () => {
  const shipped = parseUnit(
    '[Service]\nType=notify\nWatchdogSec=30\nRestart=always\nUser=keepwatch\nExecStart=/usr/bin/keepwatch run\n',
  );
  const text = (more = ''): string =>
    `# ours\n[Service]\nType=notify\nWatchdogSec=30\nRestart=always\nUser=keepwatch\nExecStart=/usr/bin/keepwatch run\n${more}`;
  const at = '/usr/lib/systemd/system/keepwatch.service';
  const judged = (files: Record<string, string>): string[] =>
    codes(judgeUnit(effectiveUnit(machineOf(files).machine), shipped));

  test('none is installed', () => expect(judged({})).toEqual(['note unitMissing']));
  test('the shipped one', () => expect(judged({ [at]: text() })).toEqual(['good unit']));
  test('one that drifted', () => {
    const findings = judgeUnit(effectiveUnit(machineOf({ [at]: text('Nice=5\n') }).machine), shipped);
    expect(codes(findings)).toEqual(['note unitDiffers']);
    expect(findings[0]!.what.en).toMatch(/: Nice$/);
  });
  test('a copy in /etc hides the package’s', () =>
    expect(judged({ [at]: text(), '/etc/systemd/system/keepwatch.service': text('Restart=no\n') })).toEqual([
      'note unitDiffers',
      'fault unitRestart',
    ]));
  test('a drop-in turns the watchdog off', () =>
    expect(
      judged({
        [at]: text(),
        '/etc/systemd/system/keepwatch.service.d/mine.conf': '[Service]\nWatchdogSec=0\n',
      }),
    ).toEqual(['good unit', 'note unitDropIns', 'fault unitWatchdog']));

  test('the daemon’s user and groups are the unit’s', () => {
    const { machine } = machineOf({
      [at]: text('SupplementaryGroups=dialout gpio\n'),
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nkeepwatch:x:990:990::/:/bin/false\n',
      '/etc/group': 'root:x:0:\ndialout:x:20:\ngpio:x:997:\nvideo:x:44:keepwatch\n',
    });
    const runner = runnerOf(machine);
    expect(runner).toMatchObject({ name: 'keepwatch', uid: 990, byUnit: true });
    expect([...runner.groups].sort((a, b) => a - b)).toEqual([20, 44, 990, 997]);
  });
});

describe('rights by their bits', () => {
  const stat = { uid: 5, gid: 20, mode: 0o660, kind: 'device', bytes: 0 } as const;
  test.each([
    [{ uid: 0, groups: new Set<number>() }, true],
    [{ uid: 5, groups: new Set<number>() }, true],
    [{ uid: 6, groups: new Set([20]) }, true],
    [{ uid: 6, groups: new Set([21]) }, false],
  ])('%j', (who, allowed) => expect(may(who, stat, 6)).toBe(allowed));
});

describe('serial ports', () => {
  /** char devices stand behind the names, by links to one that every machine has */
  function ports(names: readonly string[], links: Readonly<Record<string, string>> = {}) {
    const { tree, machine } = machineOf({ '/etc/group': 'dialout:x:20:\nroot:x:0:\n', '/proc/locks': '' });
    for (const name of names) tree.link(`/dev/${name}`, '/dev/null');
    for (const [name, to] of Object.entries(links)) tree.link(`/dev/serial/by-id/${name}`, to);
    return { tree, machine };
  }
  const patientOf = (machine: Patient['machine'], port: string): Patient =>
    ({
      machine,
      config: { buses: [{ id: 'line1', link: { kind: 'serial', path: port } }], channels: [] },
      daemon: { is: 'none' },
      runner: { name: 'pi', uid: 1000, groups: new Set([1000]), byUnit: false },
    }) as unknown as Patient;
  const look = (patient: Patient) => serial.look(patient) as readonly Finding[];

  test('a path that is not there, with those that are', () => {
    const { machine } = ports(['ttyUSB0'], { 'usb-FTDI_A1-if00-port0': '../../ttyUSB0' });
    const findings = look(patientOf(machine, '/dev/serial/by-id/usb-FTDI_B2-if00-port0'));
    expect(codes(findings)).toEqual(['fault portMissing']);
    expect(findings[0]!.mend!.en).toContain('/dev/serial/by-id/usb-FTDI_A1-if00-port0');
  });

  test('a name that the next boot may give to another adapter', () => {
    const { machine } = ports(['ttyUSB0']);
    expect(codes(look(patientOf(machine, '/dev/ttyUSB0')))).toEqual(['note portUnstable']);
  });

  test('adapters that look alike: one name for two', () => {
    const { tree, machine } = ports([], {});
    tree.put('/dev/ttyUSB0', '');
    tree.put('/dev/ttyUSB1', '');
    tree.link('/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0', '../../ttyUSB1');
    const findings = judgeAlike(machine);
    expect(codes(findings)).toEqual(['note portsAlike']);
    expect(findings[0]!.what.en).toMatch(/^ttyUSB0 have no name/);
  });

  test('the kernel’s console on the same port', () => {
    expect(isConsole('console=ttyAMA0,115200 root=/dev/mmcblk0p2', 'ttyAMA0')).toBe(true);
    expect(isConsole('console=tty1 root=/dev/mmcblk0p2', 'ttyAMA0')).toBe(false);
    expect(isConsole('console=ttyUSB10,9600', 'ttyUSB1')).toBe(false);
  });

  test('locks are told apart by the file', () => {
    const locks =
      '1: FLOCK  ADVISORY  WRITE 312 00:05:97 0 EOF\n2: POSIX  ADVISORY  WRITE 9 00:05:98 0 EOF\n';
    expect(isLocked(locks, '00:05:97')).toBe(true);
    expect(isLocked(locks, '00:05:98')).toBe(false);
    expect(isLocked(locks, '00:05:9')).toBe(false);
  });
});

describe('answers on a line', () => {
  const bus = {
    id: 'line1',
    link: { kind: 'serial', path: '/dev/x', baudRate: 9600, parity: 'none', dataBits: 8, stopBits: 1 },
  } as const;
  const asked = [
    { id: 'one', settings: { unit: 1 } },
    { id: 'two', settings: { unit: 2 } },
  ];
  const none = { timeout: 0, exception: 0, garbled: 0, foreign: 0, link: 0 };
  const heard = (answered: string[], errors: Partial<Heard['errors']>, more: Partial<Heard> = {}): Heard => ({
    opened: true,
    answered: new Set(answered),
    because: new Map(),
    errors: { ...none, ...errors },
    ...more,
  });
  test.each<[string, Heard, string[]]>([
    ['all answer', heard(['one', 'two'], {}), ['good answers']],
    ['nobody', heard([], { timeout: 6 }), ['fault silent']],
    ['one does not', heard(['one'], { timeout: 3 }), ['good answers', 'fault deviceSilent']],
    ['bytes that fit nothing', heard([], { timeout: 2, garbled: 4 }), ['fault garbled']],
    ['refused', heard([], { exception: 6 }), ['fault refused']],
    ['not open', heard([], {}, { opened: false, link: '/dev/x is missing' }), ['fault lineClosed']],
  ])('%s', (_, given, expected) => expect(codes(judgeAnswers(bus, asked, given))).toEqual(expected));
});

describe('GPIO names', () => {
  const names = ['ID_SDA', 'ID_SCL', 'GPIO2', 'GPIO17', 'GPIO27'];
  test.each([
    ['gpio17', ['GPIO17']],
    ['BCM17', ['GPIO17']],
    ['GPIO_27', ['GPIO27']],
    ['GPIO017', ['GPIO17']],
    ['relay', []],
  ])('%s', (line, near) => expect(nearNames(line, names)).toEqual(near));
});

describe('the console', () => {
  const judged = (settings: object): string[] =>
    codes(
      judgeConsole({
        config: { console: settings } as unknown as Patient['config'],
        machine: thisMachine(),
        nowMs: now,
      }),
    );
  const listen = { host: '0.0.0.0', port: 8080 };
  test('of this machine alone', () =>
    expect(judged({ listen: { host: '127.0.0.1', port: 1 }, users: [] })).toEqual(['good console']));
  test('open to the network without TLS and users', () =>
    expect(judged({ listen, users: [] })).toEqual(['fault consolePlain', 'fault consoleUsers']));
  test('a certificate that is not there', () =>
    expect(judged({ listen, users: [{}], cert: '/nowhere/x.pem' })).toEqual(['note consoleCertUnread']));
});

describe('all looks', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-empty-'));
  const patient = (): Patient => ({
    machine: { ...thisMachine(folder), run: async () => undefined },
    file: undefined,
    config: undefined,
    faults: [],
    data: undefined,
    daemon: { is: 'none' },
    runner: { name: 'x', uid: 1, groups: new Set(), byUnit: false },
    drivers: [],
    askGpio: () => Promise.reject(new Error('not asked')),
    verify: () => Promise.reject(new Error('not asked')),
    deep: false,
    nowMs: now,
    tookMs: () => 0,
    signal: new AbortController().signal,
  });

  test('on a machine that tells nothing, without a site file, nothing is broken', async () => {
    const looked = await examine(patient());
    const findings = looked.flatMap((each) => each.findings);
    expect(findings.filter(({ code }) => code === 'lookFailed' || code === 'late')).toEqual([]);
    expect(findings.filter(({ state }) => state === 'fault')).toEqual([]);
    expect(findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['noSiteFile', 'noGpio', 'noRtc']),
    );
    rmSync(folder, { recursive: true });
  });

  test('one that fails or never ends takes none of the others with it', async () => {
    const name = say('一', 'one');
    const looked = await examine(patient(), [
      { id: 'a', name, look: () => Promise.reject(new Error('no such thing')) },
      { id: 'b', name, withinMs: 30, look: () => new Promise(() => {}) },
      { id: 'c', name, look: () => [] },
    ]);
    expect(looked.map(({ findings }) => codes(findings))).toEqual([['note lookFailed'], ['note late'], []]);
  });

  test('every sentence is there in both languages', async () => {
    for (const { name, findings } of await examine(patient())) {
      for (const said of [name, ...findings.flatMap(({ what, mend }) => (mend ? [what, mend] : [what]))]) {
        expect(said.zh).not.toBe('');
        expect(said.en).not.toMatch(/[一-鿿]/);
      }
    }
  });
});
