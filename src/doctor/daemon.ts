// How the running daemon is, from its own status: lines and devices that don't answer, the broker, the store, the ways
// to people. Judges only; whoever calls has asked it already.

import type { StatusReport } from '../control/types.ts';
import { becauseIn } from '../core/because-words.ts';
import { version } from '../lib/version.ts';
import {
  asIs,
  type DaemonState,
  type Finding,
  fault,
  good,
  type Look,
  note,
  type Said,
  say,
} from './types.ts';

const mostDevices = 10;

export const daemon: Look = {
  id: 'daemon',
  name: say('守护进程', 'daemon'),
  look: (patient) => judgeDaemon(patient.daemon),
};

export function judgeDaemon(state: DaemonState): Finding[] {
  if (state.is === 'none') {
    return [
      note(
        'noDaemon',
        say('守护进程没有在运行', 'no daemon runs'),
        say('启动它：sudo systemctl start keepwatch', 'start it: sudo systemctl start keepwatch'),
      ),
    ];
  }
  if (state.is === 'silent') {
    return [
      fault(
        'daemonSilent',
        say(`守护进程没有回答：${state.because}`, `the daemon gives no answer: ${state.because}`),
        say(
          '用 sudo 或以守护进程的用户运行；若它卡住：sudo systemctl restart keepwatch',
          "run this with sudo or as the daemon's user; where it hangs: sudo systemctl restart keepwatch",
        ),
      ),
    ];
  }
  return judgeStatus(state.status);
}

function judgeStatus(status: StatusReport): Finding[] {
  const findings: Finding[] = [];
  const hours = Math.floor(status.uptimeMs / 3_600_000);
  findings.push(
    good(
      'daemon',
      say(
        `守护进程 ${status.version} 已运行 ${hours} 小时`,
        `daemon ${status.version} runs, since ${hours} h`,
      ),
    ),
  );
  if (status.version !== version) {
    findings.push(
      note(
        'daemonVersion',
        say(
          `运行中的是 ${status.version}，已安装的是 ${version}`,
          `${status.version} runs, ${version} is installed`,
        ),
        say('重启：sudo systemctl restart keepwatch', 'restart it: sudo systemctl restart keepwatch'),
      ),
    );
  }
  findings.push(...judgeBuses(status));
  if (!status.store.ok) {
    findings.push(
      fault(
        'store',
        inBoth(status.store.because ?? '', '状态写不进磁盘', 'the state can not be written'),
        say('检查磁盘：见下面的磁盘项', 'look at the disk, below'),
      ),
    );
  }
  if (status.mqtt && !status.mqtt.connected) {
    findings.push(
      fault(
        'brokerDown',
        inBoth(status.mqtt.because ?? '', '未连接到消息服务器', 'not connected to the broker'),
        say('见下面的消息服务器项', 'look at the broker, below'),
      ),
    );
  } else if (status.mqtt) {
    findings.push(good('brokerUp', say('已连接到消息服务器', 'connected to the broker')));
  }
  for (const { id, because } of (status.people?.channels ?? []).filter(({ ok }) => !ok)) {
    findings.push(
      fault(
        'channelDown',
        inBoth(because ?? '', `通知渠道 ${id} 不通`, `the channel ${id} does not get through`),
        say(
          '按原因处理，再做一次演练：keepwatch drill --channels',
          'mend what it says, then try: keepwatch drill --channels',
        ),
      ),
    );
  }
  for (const { id, restarts } of (status.parts ?? []).filter((part) => part.restarts > 0)) {
    findings.push(
      note(
        'partRestarted',
        say(
          `内部部件 ${id} 曾卡住并重启 ${restarts} 次`,
          `the part ${id} was stuck and begun anew ${restarts} times`,
        ),
        say(
          '把 `keepwatch doctor --bundle` 的文件交给支持人员',
          'give support a file of `keepwatch doctor --bundle`',
        ),
      ),
    );
  }
  for (const warning of status.warnings) {
    findings.push(
      note(
        'daemonWarning',
        { zh: becauseIn(warning, 'zh'), en: becauseIn(warning, 'en') },
        say('看 `keepwatch status`', 'look at `keepwatch status`'),
      ),
    );
  }
  return findings;
}

function judgeBuses({ buses }: StatusReport): Finding[] {
  const findings: Finding[] = [];
  for (const bus of buses.filter(({ up }) => !up)) {
    findings.push(
      fault(
        'busDown',
        inBoth(bus.because ?? '', `总线 ${bus.id} 不通`, `the bus ${bus.id} is down`),
        say('检查适配器、路径和接线', 'check the adapter, its path and the wires'),
      ),
    );
  }
  const down = buses
    .filter(({ up }) => up)
    .flatMap((bus) => bus.devices.filter(({ up }) => !up).map((device) => ({ bus, device })));
  for (const { bus, device } of down.slice(0, mostDevices)) {
    const bad = Object.entries(bus.errors).filter(([, count]) => count > 0);
    const counts = bad.map(([kind, count]) => `${kind} ${count}`).join(', ');
    findings.push(
      fault(
        'deviceDown',
        inBoth(
          `${device.because ?? ''}${counts ? ` (${counts})` : ''}`,
          `总线 ${bus.id} 上的设备 ${device.id} 不通`,
          `the device ${device.id} on ${bus.id} is down`,
        ),
        bus.errors.garbled > bus.errors.timeout
          ? say('核对波特率、校验和站号', 'check baud rate, parity and unit numbers')
          : say('检查设备供电、接线和站号', "check the device's power, its wires and its unit number"),
      ),
    );
  }
  if (down.length > mostDevices)
    findings.push(
      note(
        'devicesDown',
        say(`还有 ${down.length - mostDevices} 台`, `${down.length - mostDevices} more devices are down`),
      ),
    );
  const answered = buses.reduce((sum, { devices }) => sum + devices.filter(({ up }) => up).length, 0);
  if (answered > 0)
    findings.push(good('devicesUp', say(`${answered} 台设备有应答`, `${answered} devices answer`)));
  return findings;
}

function inBoth(because: string, zh: string, en: string): Said {
  if (because === '') return say(zh, en);
  const said = asIs(because);
  return { zh: `${zh}：${becauseIn(said.zh, 'zh')}`, en: `${en}: ${becauseIn(said.en, 'en')}` };
}
