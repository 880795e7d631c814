// The words that people read in tables and lines, in both languages, and how moments and spans are written.
// Names of things (zones, plans, points) are not here: they come from the site.

import type {
  Category,
  EventType,
  Incident,
  IncidentState,
  Language,
  Level,
  Quality,
  Text,
  Verdict,
} from '../core/types.ts';
import { categoriesZh, eventsZh, levelsZh, statesZh, verdictsZh } from '../core/vocabulary.ts';

const englishTitles = {
  opened: 'opened',
  state: 'state',
  category: 'category',
  level: 'level',
  title: 'what',
  zone: 'zone',
  incident: 'incident',
  point: 'point',
  value: 'value',
  raw: 'raw',
  quality: 'quality',
  at: 'since',
  bus: 'bus',
  device: 'device',
  driver: 'driver',
  link: 'link',
  requests: 'requests',
  errors: 'errors',
  busy: 'busy',
  oldest: 'oldest',
  output: 'output',
  wanted: 'wanted',
  actual: 'actual',
  because: 'because',
  hint: 'what to do',
  disabled: 'disabled',
  by: 'by',
  reason: 'reason',
  until: 'until',
  up: 'up',
  down: 'down',
  on: 'on',
  off: 'off',
  keep: 'as it is',
  unknown: 'unknown',
  true: 'yes',
  false: 'no',
  broker: 'broker',
  connected: 'connected',
  notConnected: 'not connected',
  waiting: 'events waiting',
  store: 'storage',
  pruned: 'no longer kept (facts, events, incidents)',
  good: 'good',
  clock: 'clock',
  synced: 'synced',
  unsynced: 'not synced',
  uptime: 'up',
  open: 'open',
  nothingOpen: 'nothing open',
  noIncidents: 'no incidents',
  noPoints: 'no points',
  warning: 'warning',
  active: 'active',
  step: 'step',
  note: 'note',
  verdict: 'verdict',
  remedy: 'remedy',
  losses: 'losses',
  signals: 'signals',
  happened: 'happened',
  stillOpen: 'still open',
  drill: 'drill',
  plan: 'plan',
  id: 'id',
  due: 'due',
  todo: 'to do',
  overdue: 'overdue',
  soon: 'soon',
  noDrill: 'no drill is running',
  noDrillDue: 'no plan is marked for drill',
  noDuties: 'nothing is due: no plan is marked for drill, and no duties are set up',
  walkTest: 'walk test',
  everywhere: 'all zones',
  ending: 'over, but some detectors have not come to rest',
  heard: 'heard',
  left: 'left',
  noWalkTest: 'no walk test is running',
  suppressed: 'suppressed by design',
  restarted: 'started anew (times)',
  channel: 'channel',
  type: 'type',
  messages: 'under way',
  dueNow: 'due',
  told: 'who was told',
  toldRow: 'told',
  notTold: 'not told',
  steps: 'steps',
  done: 'done',
  late: 'overdue',
  dueBy: 'due by',
  required: 'must be done',
  call: 'call',
  noNumber: 'number not on file',
  closingCause: 'cause',
  duty: 'what',
  evidence: 'evidence',
  kept: 'keep',
  secured: 'secured',
  notSecured: 'not secured yet',
  next: 'next, if nobody acts',
  finder: 'found by',
  place: 'place',
  person: 'person',
  tilde: '~: the clock is not synchronised, so this time may be wrong',
};

interface Words {
  readonly category: Readonly<Record<Category, string>>;
  readonly level: Readonly<Record<Level, string>>;
  readonly state: Readonly<Record<IncidentState, string>>;
  readonly quality: Readonly<Record<Quality, string>>;
  readonly verdict: Readonly<Record<Verdict, string>>;
  readonly event: Readonly<Record<EventType, string>>;
  /** heads of columns and single words */
  readonly title: Readonly<Record<keyof typeof englishTitles, string>>;
}

export const words: Readonly<Record<Language, Words>> = {
  en: {
    category: { alarm: 'ALARM', supervisory: 'SUPERVISORY', trouble: 'TROUBLE' },
    level: { general: 'general', major: 'major', urgent: 'urgent' },
    state: {
      unacknowledged: 'unacknowledged',
      acknowledged: 'acknowledged',
      returned: 'returned',
      shelved: 'shelved',
      closed: 'closed',
    },
    quality: { good: 'good', stale: 'stale', bad: 'bad' },
    verdict: { real: 'real', false: 'false', test: 'test', maintenance: 'maintenance' },
    event: {
      'incident.opened': 'opened',
      'incident.signal': 'signal',
      'incident.acknowledged': 'acknowledged',
      'incident.escalated': 'escalated',
      'incident.step': 'step',
      'incident.note': 'note',
      'incident.shelved': 'shelved',
      'incident.unshelved': 'unshelved',
      'incident.returned': 'returned',
      'incident.closed': 'closed',
      'output.changed': 'output',
      'drill.started': 'drill started',
      'drill.ended': 'drill ended',
      'gateway.started': 'gateway started',
      'gateway.stopped': 'gateway stopped',
      'gateway.clockSet': 'clock set right',
    },
    title: englishTitles,
  },
  zh: {
    category: categoriesZh,
    level: levelsZh,
    state: statesZh,
    quality: { good: '正常', stale: '过时', bad: '无效' },
    verdict: verdictsZh,
    event: eventsZh,
    title: {
      opened: '发生时间',
      state: '状态',
      category: '类别',
      level: '级别',
      title: '事件',
      zone: '区域',
      incident: '编号',
      point: '测点',
      value: '值',
      raw: '原始值',
      quality: '质量',
      at: '时间',
      bus: '总线',
      device: '设备',
      driver: '驱动',
      link: '连接',
      requests: '请求',
      errors: '错误',
      busy: '占用',
      oldest: '最旧',
      output: '输出',
      wanted: '期望',
      actual: '实际',
      because: '原因',
      hint: '怎么办',
      disabled: '已停用',
      by: '操作人',
      reason: '理由',
      until: '截止',
      up: '在线',
      down: '离线',
      on: '开',
      off: '关',
      keep: '保持',
      unknown: '未知',
      true: '是',
      false: '否',
      broker: '消息服务器',
      connected: '已连接',
      notConnected: '未连接',
      waiting: '条待发',
      store: '存储',
      pruned: '已不再保存（日志、消息、事件）',
      good: '正常',
      clock: '时钟',
      synced: '已同步',
      unsynced: '未同步',
      uptime: '已运行',
      open: '未关闭',
      nothingOpen: '无未关闭事件',
      noIncidents: '无事件',
      noPoints: '无测点',
      warning: '警告',
      active: '持续中',
      step: '步骤',
      note: '备注',
      verdict: '定性',
      remedy: '处置',
      losses: '损失',
      signals: '信号',
      happened: '经过',
      stillOpen: '尚未关闭',
      drill: '演练',
      plan: '预案',
      id: '编号',
      due: '到期',
      todo: '要求',
      overdue: '已逾期',
      soon: '即将到期',
      noDrill: '没有正在进行的演练',
      noDrillDue: '没有需要演练的预案',
      noDuties: '无到期事项：没有预案要求演练，也未设置检查事项',
      walkTest: '探测器测试',
      everywhere: '全部区域',
      ending: '测试已结束，部分探测器尚未复原',
      heard: '已测',
      left: '未测',
      noWalkTest: '没有正在进行的探测器测试',
      suppressed: '按设计抑制',
      restarted: '已重新启动的部件（次数）',
      channel: '通道',
      type: '类型',
      messages: '发送中',
      dueNow: '到期事项',
      told: '通知经过',
      toldRow: '已通知',
      notTold: '未通知',
      steps: '步骤',
      done: '已完成',
      late: '超时',
      dueBy: '限时',
      required: '必做',
      call: '电话',
      noNumber: '电话未登记',
      closingCause: '原因',
      duty: '事项',
      evidence: '证据',
      kept: '至少保存',
      secured: '已保全',
      notSecured: '尚未保全',
      next: '若无人处理，接下来',
      finder: '发现人',
      place: '地点',
      person: '人员',
      tilde: '~：时钟未同步，时间可能不准',
    },
  },
};

export function inLanguage(text: Text, language: Language): string {
  return typeof text === 'string' ? text : text[language];
}

/** The state, and what it says nothing of: is it acknowledged, and is the cause over? */
export function stateText(
  incident: Pick<Incident, 'state' | 'active' | 'acknowledged'>,
  language: Language,
): string {
  const { state: said } = words[language];
  const { state, active, acknowledged } = incident;
  const parts = [said[state]];
  if (state === 'returned' || state === 'shelved')
    parts.push(acknowledged ? said.acknowledged : said.unacknowledged);
  if (state === 'shelved' && !active) parts.push(said.returned);
  return parts.join(language === 'zh' ? '，' : ', ');
}

/** In the premises' language, with the English beside it where that says something else. */
export function inBoth(text: Text, language: Language): string {
  const first = inLanguage(text, language);
  const english = inLanguage(text, 'en');
  return first === english ? first : `${first} / ${english}`;
}

/** `--lang`, else the premises' language where it is known, else what LANG asks for. */
export function languageOf(
  asked: string | undefined,
  premises?: Language,
  environment: NodeJS.ProcessEnv = process.env,
): Language {
  if (asked === 'zh' || asked === 'en') return asked;
  if (premises) return premises;
  const locale = environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || '';
  return locale.startsWith('zh') ? 'zh' : 'en';
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-11-22 09:02:03` as the clocks of the premises show it; UTC where the timezone is not known. */
export function momentIn(timezone: string, iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  let format = formats.get(timezone);
  if (!format) {
    format = formatFor(timezone);
    formats.set(timezone, format);
  }
  return format.format(at);
}

export function timeIn(timezone: string, iso: string): string {
  return momentIn(timezone, iso).slice(-8);
}

function formatFor(timeZone: string): Intl.DateTimeFormat {
  // Sweden writes dates as ISO 8601 does.
  const style = { dateStyle: 'short', timeStyle: 'medium' } as const;
  try {
    return new Intl.DateTimeFormat('sv-SE', { ...style, timeZone });
  } catch {
    return new Intl.DateTimeFormat('sv-SE', { ...style, timeZone: 'UTC' });
  }
}

/** `3 d 4 h`, `12 min`, `2.5 s`, `40 ms`: two units at most. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
}
