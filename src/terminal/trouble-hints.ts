// What to do about a trouble of the gateway, by the check that failed: the plan's steps fit all of them and can't say it.
// Written for whoever stands before the gateway at night; knows no incident.

import type { Text } from '../core/types.ts';

const hints: Readonly<Record<string, Text>> = {
  bus_lost: {
    zh: '检查总线的接线、转换器和供电；网络设备请检查网线和交换机',
    en: "check the line's wiring, adapter and supply, or the network cable and switch",
  },
  bus_silent: {
    zh: '检查总线的供电和接线，核对波特率和校验',
    en: "check the line's supply and wiring, and its baud rate and parity",
  },
  device_lost: {
    zh: '检查该设备的供电、接线和站号',
    en: "check the device's supply, wiring and unit number",
  },
  point_bad: {
    zh: '检查该传感器及其接线；更换后看读数是否恢复',
    en: 'check the sensor and its wiring; see that its reading is back after it was replaced',
  },
  point_chatter: {
    zh: '检查该触点的接线是否松动',
    en: 'look for a loose wire at the contact',
  },
  output_fault: {
    zh: '检查该输出的模块、接线和供电；在恢复前请人工操作',
    en: "check the output's module, wiring and supply; work it by hand until it follows again",
  },
  health_state: {
    zh: '到现场查看当时未关闭的事件，确认后复位此故障；另存的文件请保留给技术支持',
    en: 'look on the spot at what was open then, then reset this trouble; keep the file that was set aside for support',
  },
  health_identity: {
    zh: '找到另一台网关并停用，或给它另设 premises.id；两台不可同用一个身份',
    en: 'find the other gateway and stop it, or give it a premises.id of its own: no two may have the same',
  },
  health_storage: {
    zh: '检查磁盘或存储卡；报警仍然有效，但断电后可能丢失，请尽快更换',
    en: 'check the disk or card and replace it soon: alarms go on, but a power cut may lose them',
  },
  health_disk: {
    zh: '在数据文件夹所在磁盘上腾出空间',
    en: 'free space on the disk of the data folder',
  },
  health_slow_disk: {
    zh: '存储卡可能将要损坏，请更换；或停止占用磁盘的其他程序',
    en: 'the card may be failing: replace it, or stop what else keeps the disk busy',
  },
  health_clock: {
    zh: '检查网关的网络和时间服务器（timedatectl）；在此之前时间可能不准',
    en: "check the gateway's network and time server (timedatectl): until then times may be wrong",
  },
  health_broker: {
    zh: '检查网络和消息服务器；在此之前监控中心看不到报警，请电话联系',
    en: 'check the network and the broker: until then the monitoring centre sees no alarm, so call it',
  },
  health_receipt: {
    zh: '电话联系监控中心，确认其在接收；在此之前请电话报告报警',
    en: 'call the monitoring centre and ask whether it hears; report alarms by phone until then',
  },
  health_channel: {
    zh: '检查该通道的设备、网络和密钥；在此之前请用其他方式通知人员',
    en: "check the channel's device, network and keys: tell people in another way until then",
  },
  health_stuck: {
    zh: '若再次发生，请重启网关，并把日志交给技术支持',
    en: 'if it happens again, restart the gateway and give its log to support',
  },
  health_console: {
    zh: '检查 console 一节的地址、端口和证书文件；在此之前请用命令行查看',
    en: 'check address, port and certificate under `console`: until then look by the command line',
  },
  health_engine: {
    zh: '到现场查看是否有未报出的情况，并把日志交给技术支持',
    en: 'look on the spot whether anything went untold, and give the log to support',
  },
};

/** By the rule of its cause; undefined where it is no trouble of the gateway's own. */
export function troubleHint(rule: string): Text | undefined {
  const kind = rule.replace(/^(health_(?:channel|stuck))_.*$/, '$1');
  return Object.hasOwn(hints, kind) ? hints[kind] : undefined;
}
