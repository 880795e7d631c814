// Kinds of points and the rule that each brings, so that a site without rules is protected. Adding a kind is
// one line here. Sources: the premises' own emergency plans, and for voltages GB/T 12325-2008, which allows
// 220 V +7 % −10 % at the point of supply (198 V … 235.4 V).

export interface Kind {
  /** plan that the default rule opens; undefined: shown and measured, no rule */
  readonly plan?: string;
  /**
   * `contact`: true or non-zero is active. `measure`: active past a limit (`alarmAbove`, `alarmBelow`).
   * `either`: a contact where the point is a boolean, a measure where it is a number.
   */
  readonly nature: 'contact' | 'measure' | 'either';
  readonly zh: string;
  readonly en: string;
  readonly alarmAbove?: number;
  readonly clearBelow?: number;
  readonly alarmBelow?: number;
  readonly clearAbove?: number;
}

export const kinds: Readonly<Record<string, Kind>> = {
  smoke: { plan: 'fire', nature: 'contact', zh: '感烟', en: 'smoke' },
  heat: { plan: 'fire', nature: 'either', zh: '感温', en: 'heat' },
  callPoint: { plan: 'fire', nature: 'contact', zh: '手动报警按钮', en: 'call point' },
  fireAlarm: { plan: 'fire', nature: 'contact', zh: '火警', en: 'fire panel alarm' },
  gas: { plan: 'gas-leak', nature: 'either', zh: '可燃气体', en: 'gas' },
  carbonMonoxide: { plan: 'gas-leak', nature: 'either', zh: '一氧化碳', en: 'carbon monoxide' },
  mainsVoltage: {
    plan: 'power-loss',
    nature: 'measure',
    zh: '市电电压',
    en: 'mains voltage',
    alarmBelow: 176,
    clearAbove: 198,
  },
  mainsLost: { plan: 'power-loss', nature: 'contact', zh: '市电中断', en: 'mains lost' },
  upsOnBattery: { plan: 'power-loss', nature: 'contact', zh: '电池供电', en: 'UPS on battery' },
  liftFault: { plan: 'equipment-failure', nature: 'contact', zh: '电梯故障', en: 'lift fault' },
  liftAlarm: { plan: 'lift-entrapment', nature: 'contact', zh: '电梯警铃', en: 'lift alarm' },
  escalatorStop: { plan: 'escalator', nature: 'contact', zh: '扶梯急停', en: 'escalator stop' },
  escalatorFault: { plan: 'escalator', nature: 'contact', zh: '扶梯故障', en: 'escalator fault' },
  equipmentFault: { plan: 'equipment-failure', nature: 'contact', zh: '设备故障', en: 'equipment fault' },
  panic: { plan: 'personal-attack', nature: 'contact', zh: '紧急按钮', en: 'panic button' },
  holdUp: { plan: 'robbery', nature: 'contact', zh: '劫持按钮', en: 'hold-up button' },
  flood: { plan: 'water-leak', nature: 'contact', zh: '水浸', en: 'flood' },
  tamper: { plan: 'supervisory', nature: 'contact', zh: '防拆', en: 'tamper' },
  valveShut: { plan: 'supervisory', nature: 'contact', zh: '阀门关闭', en: 'valve shut' },
  panelFault: { plan: 'supervisory', nature: 'contact', zh: '控制器故障', en: 'panel fault' },
  panelMainsLost: { plan: 'panel-power', nature: 'contact', zh: '控制器主电故障', en: 'panel mains lost' },
  panelBatteryFault: {
    plan: 'panel-power',
    nature: 'contact',
    zh: '控制器备电故障',
    en: 'panel battery fault',
  },
  batteryLow: { plan: 'supervisory', nature: 'contact', zh: '电池电量低', en: 'battery low' },
  lineFault: { plan: 'comms-failure', nature: 'contact', zh: '线路故障', en: 'line fault' },
  kioskOffline: { plan: 'kiosk-failure', nature: 'contact', zh: '自助设备离线', en: 'kiosk offline' },
  hostOffline: { plan: 'system-failure', nature: 'contact', zh: '主机离线', en: 'host offline' },
  peopleCount: { plan: 'overcrowding', nature: 'measure', zh: '人数', en: 'people count' },
  temperature: { plan: 'climate', nature: 'measure', zh: '温度', en: 'temperature' },
  humidity: { plan: 'climate', nature: 'measure', zh: '湿度', en: 'humidity' },
  measurement: { nature: 'measure', zh: '测量值', en: 'measurement' },
};
