// The serial ports that the site names: there, named so that they stay the same, open to the daemon's user, and not
// held by somebody else. Opens none of them.

import path from 'node:path';
import type { Config } from '../config/types.ts';
import { holdersOf } from './holders.ts';
import type { Machine } from './machine.ts';
import { groupsOf, may } from './people.ts';
import { type asIs, type Finding, fault, good, type Look, note, type Patient, say } from './types.ts';

export const byId = '/dev/serial/by-id';
const byPath = '/dev/serial/by-path';
const serialNames = /^tty(USB|ACM|AMA|S|XRUSB|O)\d+$/;

export const serial: Look = {
  id: 'serial',
  name: say('串口', 'serial ports'),
  look: (patient) => [
    ...portsOf(patient.config).flatMap((port) => judgePort(port, patient)),
    ...judgeAlike(patient.machine),
  ],
};

export interface NamedPort {
  /** `bus line1`, `channel sms` */
  readonly owner: string;
  readonly path: string;
}

export function portsOf(config: Config | undefined): NamedPort[] {
  if (config === undefined) return [];
  return [
    ...config.buses.flatMap(({ id, link }) =>
      link?.kind === 'serial' ? [{ owner: id, path: link.path }] : [],
    ),
    ...config.channels.flatMap((channel) =>
      channel.type === 'sms' ? [{ owner: channel.id, path: channel.path }] : [],
    ),
  ];
}

/** What there is to write instead, the stable names first. */
export function candidates(machine: Machine): string[] {
  const named = machine.list(byId).map((name) => `${byId}/${name}`);
  if (named.length > 0) return named;
  return machine
    .list('/dev')
    .filter((name) => /^tty(USB|ACM|AMA)\d+$/.test(name))
    .map((name) => `/dev/${name}`);
}

function judgePort({ owner, path: port }: NamedPort, patient: Patient): Finding[] {
  const { machine, daemon, runner } = patient;
  const stat = machine.stat(port);
  if (stat === undefined) {
    const there = candidates(machine);
    const mend =
      there.length > 0
        ? say(`改成这里有的：${there.join('，')}`, `write one that is there: ${there.join(', ')}`)
        : say(
            '插好适配器；`ls /dev/serial/by-id/` 应能看到它',
            'plug the adapter in; `ls /dev/serial/by-id/` must show it',
          );
    return [fault('portMissing', say(`${owner}：没有 ${port}`, `${owner}: there is no ${port}`), mend)];
  }
  if (stat.kind !== 'device') {
    return [
      fault(
        'portNoDevice',
        say(`${owner}：${port} 不是设备`, `${owner}: ${port} is no device`),
        say('写串口的路径', 'write the path of a serial port'),
      ),
    ];
  }
  const findings: Finding[] = [];
  const group = groupsOf(machine).find(({ gid }) => gid === stat.gid);
  if (!may(runner, stat, 6)) {
    const name = group?.name ?? String(stat.gid);
    const joined = group?.members.includes(runner.name) ?? false;
    findings.push(
      fault(
        'portForbidden',
        say(
          `${owner}：用户 ${runner.name} 不可打开 ${port}（属于组 ${name}）`,
          `${owner}: ${runner.name} may not open ${port}, which belongs to the group ${name}`,
        ),
        joined
          ? say(
              '已在组中：重新登录，或重启守护进程',
              'he is in the group already: log in again, or restart the daemon',
            )
          : say(
              `sudo usermod -aG ${name} ${runner.name}，然后重新登录或重启守护进程`,
              `sudo usermod -aG ${name} ${runner.name}, then log in again or restart the daemon`,
            ),
      ),
    );
  }
  const real = machine.real(port) ?? port;
  const { holders, locked } = holdersOf(machine, real);
  const own = daemonPids(patient);
  const others = holders.filter(({ pid }) => !own.has(pid));
  if (others.length > 0) {
    const who = others.map(({ name, pid }) => `${name} (${pid})`).join(', ');
    findings.push(
      fault(
        'portBusy',
        say(`${owner}：${port} 被 ${who} 占用`, `${owner}: ${port} is held by ${who}`),
        say('结束它；一个串口只能有一个主人', 'end that program: a port has one owner'),
      ),
    );
  } else if (locked && holders.length === 0 && daemon.is === 'none') {
    findings.push(
      fault(
        'portBusy',
        say(`${owner}：${port} 被另一程序锁住`, `${owner}: another program has locked ${port}`),
        say('用 sudo 再运行一次，可看到是谁', 'run this again with sudo to see which'),
      ),
    );
  }
  findings.push(...judgeName(owner, port, machine));
  const cmdline = machine.read('/proc/cmdline') ?? '';
  if (isConsole(cmdline, path.basename(real))) {
    findings.push(
      fault(
        'portConsole',
        say(`${owner}：内核控制台也在 ${port} 上`, `${owner}: the kernel's console is on ${port} as well`),
        say(
          'sudo raspi-config → Interface → Serial：关闭登录控制台，重启',
          'sudo raspi-config → Interface → Serial: no login shell; then reboot',
        ),
      ),
    );
  }
  if (findings.every(({ state }) => state === 'good'))
    findings.push(
      good('port', say(`${owner}：${port} 在，可打开`, `${owner}: ${port} is there and may be opened`)),
    );
  return findings;
}

/** Whoever has the state open is our daemon, and may have its ports. */
function daemonPids({ machine, data }: Patient): ReadonlySet<number> {
  const file = data === undefined ? undefined : machine.real(path.join(data, 'keepwatch.db'));
  return new Set([
    process.pid,
    ...(file === undefined ? [] : holdersOf(machine, file).holders.map(({ pid }) => pid)),
  ]);
}

/** A kernel name goes to whichever adapter comes up first. */
function judgeName(owner: string, port: string, machine: Machine): Finding[] {
  if (!/^\/dev\/tty(USB|ACM)\d+$/.test(port)) return [];
  const real = machine.real(port);
  const stable = [byId, byPath]
    .flatMap((folder) => machine.list(folder).map((name) => `${folder}/${name}`))
    .find((name) => machine.real(name) === real);
  return [
    note(
      'portUnstable',
      say(
        `${owner}：${port} 按插入顺序编号，重启后可能换成另一个适配器`,
        `${owner}: ${port} is numbered as adapters come up; after a reboot it may be another one`,
      ),
      stable !== undefined
        ? say(`写 ${stable}`, `write ${stable}`)
        : say(
            '按 systemd/60-keepwatch-serial.rules 给它一个名字',
            'give it a name by systemd/60-keepwatch-serial.rules',
          ),
    ),
  ];
}

/** USB ports that no name of their own leads to: two adapters with one identity take it from each other. */
export function judgeAlike(machine: Machine): Finding[] {
  const usb = machine.list('/dev').filter((name) => /^tty(USB|ACM)\d+$/.test(name));
  if (usb.length < 2) return [];
  const links = machine.list(byId).map((name) => machine.real(`${byId}/${name}`));
  const nameless = usb.filter((name) => !links.includes(machine.real(`/dev/${name}`)));
  if (nameless.length === 0) return [];
  const sockets = machine.list(byPath).map((name) => `${byPath}/${name}`);
  const of = nameless.map((name) => {
    const socket = sockets.find((each) => machine.real(each) === machine.real(`/dev/${name}`));
    return socket ?? `/dev/${name}`;
  });
  return [
    note(
      'portsAlike',
      say(
        `${nameless.join('、')} 没有自己的 by-id 名称：适配器看起来一样，会互换`,
        `${nameless.join(', ')} have no name of their own in by-id: the adapters look alike and can be swapped`,
      ),
      say(
        `按插口命名（${of.join('，')}），或用 systemd/60-keepwatch-serial.rules`,
        `name them by their socket (${of.join(', ')}), or by systemd/60-keepwatch-serial.rules`,
      ),
    ),
  ];
}

/** @param device such as `ttyAMA0` */
export function isConsole(cmdline: string, device: string): boolean {
  if (!serialNames.test(device)) return false;
  return cmdline
    .split(/\s+/)
    .some((word) => word === `console=${device}` || word.startsWith(`console=${device},`));
}

/** For looks that open ports: the reason why one must be left alone. */
export function reasonToLeave(machine: Machine, port: string): ReturnType<typeof asIs> | undefined {
  const real = machine.real(port);
  if (real === undefined) return say('不存在', 'it is not there');
  const { holders, locked } = holdersOf(machine, real);
  if (holders.length > 0 || locked) return say('已被占用', 'it is in use');
  return undefined;
}
