// Asks up to three devices of each bus one round, by the same device layer as the daemon, where no daemon has the
// ports: no answer is told from bytes that fit nothing, which mean another baud rate or parity. With `deep` other
// settings of a silent Modbus line are tried. Only reads; drives no output.

import type { BusConfig, Config, DeviceConfig } from '../config/types.ts';
import { createDevices } from '../devices/index.ts';
import { openLink } from '../devices/link.ts';
import type { BusFigures } from '../devices/types.ts';
import { type Clock, sleep, systemClock } from '../lib/clock.ts';
import { openLine } from '../probe/ask.ts';
import { serialText } from '../probe/tap.ts';
import { reasonToLeave } from './serial.ts';
import { asIs, type Finding, fault, good, type Look, note, type Patient, say } from './types.ts';

const mostDevices = 3;
const answersWithinMs = 4500;
const leastMs = 1500;
/** since the program began; closing the line takes up to a second more */
const mustEndMs = 7500;
const longestTimeoutMs = 1000;
const tryWithinMs = 400;
/** those without a line, or whose line is none */
const notAsked: ReadonlySet<string> = new Set(['gpio', 'simulator', 'recording']);
const bauds = [9600, 19_200, 4800, 38_400, 2400, 115_200, 57_600, 1200];
const parities = ['none', 'even', 'odd'] as const;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export const lines: Look = {
  id: 'lines',
  name: say('总线应答', 'answers on the lines'),
  withinMs: 8500,
  deepWithinMs: 120_000,
  look: lookAtLines,
};

async function lookAtLines(patient: Patient): Promise<readonly Finding[]> {
  const { config, daemon } = patient;
  if (config === undefined) return [];
  if (daemon.is !== 'none') {
    return [
      note(
        'linesTaken',
        say('端口由守护进程使用：用它自己的报告', 'the daemon has the ports: what it reports stands above'),
      ),
    ];
  }
  const clock = systemClock();
  const found = await Promise.all(
    config.buses
      .filter(({ driver }) => !notAsked.has(driver))
      .map((bus) => lookAtBus(bus, config, patient, clock)),
  );
  return found.flat();
}

async function lookAtBus(bus: BusConfig, config: Config, patient: Patient, clock: Clock): Promise<Finding[]> {
  const devices = config.devices.filter((device) => device.bus === bus.id && device.points.length > 0);
  if (devices.length === 0) return [];
  const { link } = bus;
  if (link?.kind === 'serial') {
    const reason = reasonToLeave(patient.machine, link.path);
    // what is wrong with the port itself is the look at ports to say
    if (reason)
      return [
        note('lineNotAsked', say(`${bus.id}：未询问，${reason.zh}`, `${bus.id}: not asked, ${reason.en}`)),
      ];
  }
  const asked = devices
    .slice(0, mostDevices)
    .map((device) => ({ ...device, timeoutMs: Math.min(device.timeoutMs, longestTimeoutMs) }));
  const heard = await ask(bus, asked, config, patient, clock);
  const findings = judgeAnswers(bus, asked, heard);
  const silent = findings.some(({ state }) => state === 'fault') && heard.answered.size === 0;
  if (silent && patient.deep && bus.driver === 'modbus-rtu' && heard.opened)
    findings.push(...(await trySettings(bus, asked, patient, clock)));
  return findings;
}

export interface Heard {
  readonly opened: boolean;
  readonly answered: ReadonlySet<string>;
  /** why, by device */
  readonly because: ReadonlyMap<string, string>;
  readonly errors: BusFigures['errors'];
  /** why the line is not open */
  readonly link?: string;
}

async function ask(
  bus: BusConfig,
  asked: readonly DeviceConfig[],
  config: Config,
  patient: Patient,
  clock: Clock,
): Promise<Heard> {
  const answered = new Set<string>();
  const failed = new Set<string>();
  let finish: () => void = () => {};
  const complete = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const deviceOf = new Map(
    asked.flatMap((device) => device.points.map(({ address }) => [address.id, device.id] as const)),
  );
  const devices = createDevices({
    drivers: patient.drivers,
    clock,
    log: quiet,
    push(input) {
      if (input.type === 'reading') {
        for (const [id] of input.values) {
          const device = deviceOf.get(id);
          if (device !== undefined) answered.add(device);
        }
      } else if (input.type === 'link' && !input.up) {
        for (const { id } of asked) if (input.of === 'bus' || input.id === id) failed.add(id);
      }
      if (asked.every(({ id }) => answered.has(id) || failed.has(id))) finish();
    },
  });
  // what is known when the time is up is told, on a busy machine too
  const leftMs = patient.deep ? answersWithinMs : Math.max(leastMs, mustEndMs - patient.tookMs());
  const limit = sleep(clock, Math.min(answersWithinMs, leftMs), patient.signal).catch(() => {});
  try {
    await Promise.race([devices.use({ ...config, outputs: [], devices: [...asked], buses: [bus] }), limit]);
    await Promise.race([complete, limit]);
    const figures = devices.figures()[0];
    const because = new Map(
      (figures?.devices ?? []).flatMap(({ id, because: why }) => (why ? [[id, why] as const] : [])),
    );
    return {
      opened: figures?.up ?? false,
      answered,
      because,
      errors: figures?.errors ?? { timeout: 0, exception: 0, garbled: 0, foreign: 0, link: 0 },
      ...(figures && !figures.up && figures.because && { link: figures.because }),
    };
  } finally {
    await Promise.race([devices.stop(), sleep(clock, 800).catch(() => {})]);
  }
}

export function judgeAnswers(
  bus: Pick<BusConfig, 'id' | 'link'>,
  asked: readonly Pick<DeviceConfig, 'id' | 'settings'>[],
  heard: Heard,
): Finding[] {
  const { link } = bus;
  const setting = link?.kind === 'serial' ? ` (${serialText(link)})` : '';
  if (!heard.opened && heard.answered.size === 0) {
    const why = heard.link ?? 'it could not be opened';
    return [
      fault(
        'lineClosed',
        say(`${bus.id}：打不开：${why}`, `${bus.id}: not open: ${why}`),
        link?.kind === 'tcp'
          ? say(
              '检查地址、端口、网线，以及设备是否只容一个连接',
              'check address, port and cable, and whether the device takes one connection only',
            )
          : say('检查路径、权限和占用', 'check its path, permissions and who else has it'),
      ),
    ];
  }
  const silent = asked.filter(({ id }) => !heard.answered.has(id));
  const findings: Finding[] = [];
  if (heard.answered.size > 0) {
    const names = [...heard.answered].join(', ');
    findings.push(
      good('answers', say(`${bus.id}${setting}：${names} 有应答`, `${bus.id}${setting}: ${names} answered`)),
    );
  }
  if (silent.length === 0) return findings;
  const names = silent
    .map(({ id, settings }) => (settings.unit === undefined ? id : `${id} (unit ${settings.unit})`))
    .join(', ');
  const why = silent.map(({ id }) => heard.because.get(id)).find((text) => text !== undefined);
  const tail = why === undefined ? '' : `: ${why}`;
  const { timeout, garbled, exception, foreign } = heard.errors;
  if (heard.answered.size === 0 && garbled + foreign > 0) {
    findings.push(
      fault(
        'garbled',
        say(
          `${bus.id}${setting}：${names} 收到的字节无法识别`,
          `${bus.id}${setting}: bytes come from ${names}, and fit nothing`,
        ),
        say(
          '核对波特率和校验；两台设备同一站号也会这样。`keepwatch doctor --deep` 会试其他设置',
          'check baud rate and parity; two devices with one number look the same. `keepwatch doctor --deep` tries other settings',
        ),
      ),
    );
  } else if (exception > 0 && timeout === 0) {
    findings.push(
      fault(
        'refused',
        say(
          `${bus.id}：${names} 拒绝所问的地址${tail}`,
          `${bus.id}: ${names} refuses the addresses that are read${tail}`,
        ),
        say('核对产品文件或测点的 `read`', 'check the profile, or `read` of the points'),
      ),
    );
  } else if (heard.answered.size > 0) {
    findings.push(
      fault(
        'deviceSilent',
        say(
          `${bus.id}：${names} 没有应答，同线其他设备有${tail}`,
          `${bus.id}: no answer from ${names}, while others on the line answer${tail}`,
        ),
        say('检查它的供电、站号和支线', 'check its power, its unit number and its branch of the line'),
      ),
    );
  } else {
    findings.push(
      fault(
        'silent',
        say(
          `${bus.id}${setting}：${names} 没有应答${tail}`,
          `${bus.id}${setting}: no answer from ${names}${tail}`,
        ),
        link?.kind === 'tcp'
          ? say('检查设备的站号（unit）和网关设置', "check the unit number, and the gateway's own settings")
          : say(
              '依次检查：供电；A/B 是否接反；站号；波特率和校验（`keepwatch doctor --deep`）；路径是否是这个适配器',
              'check in turn: power; A and B swapped; the unit number; baud rate and parity (`keepwatch doctor --deep`); whether the path is this adapter',
            ),
      ),
    );
  }
  return findings;
}

/** Asks for the first point of each device, twice, with one setting after another until one answers. */
async function trySettings(
  bus: BusConfig,
  asked: readonly DeviceConfig[],
  { drivers, signal }: Patient,
  clock: Clock,
): Promise<Finding[]> {
  const driver = drivers.find(({ id }) => id === bus.driver)!;
  const own = bus.settings as { baudRate?: number; parity?: string };
  const settings = parities
    .flatMap((parity) => bauds.map((baudRate) => ({ baudRate, parity })))
    .filter(({ baudRate, parity }) => baudRate !== own.baudRate || parity !== own.parity);
  try {
    for (const setting of settings) {
      if (signal.aborted) break;
      const line = await openLine({
        driver,
        settings: { ...bus.settings, ...setting },
        openLink,
        clock,
        signal,
      });
      try {
        for (const device of [...asked, ...asked]) {
          const { address } = device.points[0]!;
          const { space, start, length } = address;
          const request = { device: device.id, space, start, length, points: [address] };
          const { kind } = await line.ask(request, Math.min(device.timeoutMs, tryWithinMs));
          if (kind === 'values' || kind === 'exception') return [answersAt(bus, device, setting)];
        }
      } finally {
        await line.close();
      }
    }
    const tried = settings.length;
    return [
      note(
        'otherSettings',
        say(
          `${bus.id}：试了其他 ${tried} 种设置，都没有应答`,
          `${bus.id}: no answer at ${tried} other settings either`,
        ),
      ),
    ];
  } catch (error) {
    return [note('otherSettings', asIs(`${bus.id}: ${(error as Error).message}`))];
  }
}

function answersAt(
  bus: BusConfig,
  device: DeviceConfig,
  { baudRate, parity }: { baudRate: number; parity: string },
): Finding {
  return fault(
    'otherSetting',
    say(
      `${bus.id}：${device.id} 在 ${baudRate} ${parity} 有应答`,
      `${bus.id}: ${device.id} answers at ${baudRate} baud, parity ${parity}`,
    ),
    say(`写 baudRate: ${baudRate}, parity: ${parity}`, `write baudRate: ${baudRate}, parity: ${parity}`),
  );
}
