// The words of a scan, in both languages. Knows nothing of how a unit was found or of how a table is drawn.

import type { Language } from '../core/types.ts';
import type { Sureness } from './guess.ts';

interface ScanWords {
  readonly unit: string;
  readonly line: string;
  readonly answered: string;
  readonly guess: string;
  readonly sureness: Readonly<Record<Sureness, string>>;
  readonly because: string;
  readonly unknown: string;
  readonly none: string;
  readonly agrees: string;
  readonly slow: string;
  readonly unverified: string;
  readonly copy: string;
  readonly known: string;
  readonly otherwise: string;
  readonly noProfile: string;
  readonly anyUnit: string;
  readonly stopped: string;
  readonly caveats: string;
  fitting(fitting: number, of: number): string;
  readable(points: number): string;
  noise(unit: number): string;
  summary(units: number, questions: number, took: string): string;
}

export const scanWords: Readonly<Record<Language, ScanWords>> = {
  en: {
    unit: 'unit',
    line: 'line',
    answered: 'answered',
    guess: 'profile',
    sureness: { sure: 'sure', likely: 'likely', possible: 'possible' },
    because: 'because',
    unknown: 'unknown',
    none: 'no unit answered; look at wiring (A and B), power, termination, and try other --bauds and --parities',
    agrees: 'power = voltage × current × power factor',
    slow: 'slow to answer: give it a longer timeout',
    unverified: 'not verified',
    copy: 'to copy into the site file, once checked:',
    known: 'in the site file as',
    otherwise: 'or',
    noProfile: 'no profile fits: write its points as its manual has them',
    anyUnit: 'it answers as any unit: one device, not a gateway',
    stopped: 'stopped before the end',
    caveats: 'mind',
    summary: (units, questions, took) =>
      `${units} ${units === 1 ? 'unit' : 'units'} found by ${questions} questions in ${took}`,
    readable: (points) => `its ${points} contacts can be read, which fits many products`,
    fitting: (fitting, of) => `${fitting} of ${of} points have likely values`,
    noise: (unit) =>
      `bytes that are no answer while asking unit ${unit}: another baud rate or parity, or two units of one number`,
  },
  zh: {
    unit: '站号',
    line: '串口',
    answered: '应答',
    guess: '产品',
    sureness: { sure: '确定', likely: '很可能', possible: '可能' },
    because: '依据',
    unknown: '未知',
    none: '没有设备应答：请检查接线（A、B）、供电和终端电阻，或用 --bauds、--parities 试其他参数',
    agrees: '功率 = 电压 × 电流 × 功率因数',
    slow: '应答慢：请加大 timeout',
    unverified: '未核实',
    copy: '核对后可复制到站点文件：',
    known: '站点文件中已有，名为',
    otherwise: '或',
    noProfile: '没有合适的产品文件：请按说明书写出测点',
    anyUnit: '任何站号都应答：是一台设备，不是网关',
    stopped: '未完成即停止',
    caveats: '注意',
    summary: (units, questions, took) => `找到 ${units} 台设备，共询问 ${questions} 次，用时 ${took}`,
    readable: (points) => `${points} 路触点都能读到，但很多产品都是这样`,
    fitting: (fitting, of) => `${of} 个测点中 ${fitting} 个数值合理`,
    noise: (unit) => `询问站号 ${unit} 时收到无法识别的字节：波特率或校验不符，或有两台设备站号相同`,
  },
};
