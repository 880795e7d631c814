// Power and heat of the board: under-voltage and throttling as the Raspberry Pi's firmware tells them, temperatures of
// any board. Reads files, and asks vcgencmd where there are none.

import type { Machine } from './machine.ts';
import { type Finding, fault, good, type Look, note, say } from './types.ts';

const throttledFiles = [
  '/sys/devices/platform/soc/soc:firmware/get_throttled',
  '/sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled',
];
const warmC = 70;
const hotC = 80;

export const power: Look = {
  id: 'power',
  name: say('电源和温度', 'power and heat'),
  async look({ machine }) {
    const bits = throttledFiles.map((file) => machine.read(file)).find((text) => text !== undefined);
    const asked = bits === undefined ? await machine.run('vcgencmd', ['get_throttled'], 2000) : undefined;
    const text = bits ?? /throttled=(0x[0-9a-f]+)/i.exec(asked?.stdout ?? '')?.[1];
    return [...judgeThrottled(text), ...judgeSupply(machine, text !== undefined), ...judgeHeat(machine)];
  },
};

/** Bits of the firmware: 0 under-voltage now, 1 capped, 2 throttled, 3 heat limit; the same from 16 on since the boot. */
export function judgeThrottled(text: string | undefined): Finding[] {
  if (text === undefined) return [];
  const bits = Number(/^0x/i.test(text) ? text : `0x${text}`);
  if (!Number.isInteger(bits)) return [];
  const has = (bit: number): boolean => ((bits >>> bit) & 1) === 1;
  const supply = say(
    '换官方电源（Pi 4 5.1 V 3 A，Pi 5 5.1 V 5 A）和短而粗的线；大电流外设另行供电',
    'use the official supply (Pi 4: 5.1 V 3 A, Pi 5: 5.1 V 5 A) and a short thick cable; feed large loads apart',
  );
  const cool = say('加散热片或风扇，改善通风', 'add a heat sink or a fan, let air through');
  const findings: Finding[] = [];
  if (has(0)) findings.push(fault('underVoltage', say('现在电压过低', 'the voltage is too low now'), supply));
  else if (has(16))
    findings.push(
      fault('underVoltagePast', say('开机以来电压曾过低', 'the voltage was too low since the boot'), supply),
    );
  if (has(3) || has(2) || has(1))
    findings.push(
      note('throttled', say('现在正在降频', 'the processor is slowed down now'), has(0) ? supply : cool),
    );
  else if (has(19) || has(18) || has(17))
    findings.push(
      note(
        'throttledPast',
        say('开机以来曾降频', 'the processor was slowed down since the boot'),
        has(16) ? supply : cool,
      ),
    );
  return findings.length > 0
    ? findings
    : [good('power', say('电压正常', 'the voltage was good since the boot'))];
}

function judgeSupply(machine: Machine, told: boolean): Finding[] {
  if (told) return [];
  const folder = machine
    .list('/sys/class/hwmon')
    .map((name) => `/sys/class/hwmon/${name}`)
    .find((each) => machine.read(`${each}/name`) === 'rpi_volt');
  if (folder === undefined) return [];
  const low = machine.read(`${folder}/in0_lcrit_alarm`) === '1';
  return judgeThrottled(low ? '0x1' : '0x0');
}

function judgeHeat(machine: Machine): Finding[] {
  const degrees = machine
    .list('/sys/class/thermal')
    .filter((name) => name.startsWith('thermal_zone'))
    .map((name) => Number(machine.read(`/sys/class/thermal/${name}/temp`) ?? Number.NaN) / 1000)
    .filter((value) => Number.isFinite(value) && value > -40 && value < 200);
  return degrees.length === 0 ? [] : [judgeDegrees(Math.max(...degrees))];
}

export function judgeDegrees(degrees: number): Finding {
  const shown = `${Math.round(degrees)} °C`;
  const cool = say(
    '加散热片或风扇，避免阳光和热源',
    'add a heat sink or a fan; away from the sun and from heaters',
  );
  if (degrees >= hotC)
    return fault('hot', say(`处理器 ${shown}，太热`, `the processor is at ${shown}: too hot`), cool);
  if (degrees >= warmC)
    return note('warm', say(`处理器 ${shown}，偏热`, `the processor is at ${shown}: warm`), cool);
  return good('heat', say(`处理器 ${shown}`, `the processor is at ${shown}`));
}
