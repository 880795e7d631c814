// Is the wall clock right, and does it stay so without power? Alarms don't depend on it; their times, certificates and
// signed commands do.

import type { Machine } from './machine.ts';
import { type Finding, fault, good, type Look, note, say } from './types.ts';

/** no clock that is right shows a time before this program was written */
const leastMs = Date.parse('2026-01-01T00:00:00Z');
const marks = ['/run/systemd/timesync/synchronized', '/run/chrony/synchronized'];

export const clock: Look = {
  id: 'clock',
  name: say('时钟', 'clock'),
  async look({ machine, nowMs }) {
    const marked = marks.some((mark) => machine.stat(mark) !== undefined);
    const answer = marked
      ? undefined
      : await machine.run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], 2500);
    const synced = marked ? true : answer?.code === 0 ? answer.stdout.trim() === 'yes' : undefined;
    return [judgeClock(synced, nowMs), ...judgeRtc(machine)];
  },
};

/** @param synced undefined: there is nobody to ask */
export function judgeClock(synced: boolean | undefined, nowMs: number): Finding {
  const shown = new Date(nowMs).toISOString().slice(0, 16);
  const mend = say(
    '接通网络；sudo timedatectl set-ntp true；内网用 /etc/systemd/timesyncd.conf 写 NTP=',
    'connect the network; sudo timedatectl set-ntp true; within a closed network write NTP= in /etc/systemd/timesyncd.conf',
  );
  if (nowMs < leastMs)
    return fault(
      'clockWrong',
      say(`时钟显示 ${shown}，不可能`, `the clock shows ${shown}, which can't be`),
      mend,
    );
  if (synced === undefined)
    return note(
      'clockUnknown',
      say(
        `无法查询时钟是否同步（${shown} UTC）`,
        `nobody can say whether the clock is synchronised (${shown} UTC)`,
      ),
      mend,
    );
  if (!synced)
    return fault(
      'clockUnsynced',
      say(`时钟没有同步（${shown} UTC）`, `the clock is not synchronised (${shown} UTC)`),
      mend,
    );
  return good('clock', say(`时钟已同步（${shown} UTC）`, `the clock is synchronised (${shown} UTC)`));
}

export function judgeRtc(machine: Machine): Finding[] {
  const clocks = machine.list('/sys/class/rtc').filter((name) => /^rtc\d+$/.test(name));
  if (clocks.length === 0 && machine.list('/dev').every((name) => !/^rtc\d*$/.test(name))) {
    return [
      note(
        'noRtc',
        say(
          '没有硬件时钟：断电后没有网络时时间不对',
          'no clock with a battery: after a power cut without a network the time is wrong',
        ),
        say('加装 RTC 模块（Pi 5 只需一颗电池）', 'fit an RTC module (a Pi 5 needs only the battery)'),
      ),
    ];
  }
  // a Pi 5 has the clock on board and its battery is bought apart; microvolts
  const volts = clocks
    .flatMap((name) => [
      `/sys/class/rtc/${name}/battery_voltage`,
      `/sys/class/rtc/${name}/device/battery_voltage`,
    ])
    .map((file) => machine.read(file))
    .find((text) => text !== undefined);
  if (volts !== undefined && Number(volts) < 2_000_000) {
    return [
      note(
        'rtcBattery',
        say('硬件时钟没有电池，或电池已空', 'the hardware clock has no battery, or an empty one'),
        say('接上 RTC 电池', 'fit its battery'),
      ),
    ];
  }
  return [good('rtc', say('有硬件时钟', 'there is a hardware clock'))];
}
