// The field's words in Chinese, as people on site say them: levels, states, events, roles. One list for the terminal
// and the reports; English needs none, because the ids are English words.

import type { Category, Delivery, EventType, IncidentState, Language, Level, Verdict } from './types.ts';

export const languages: readonly Language[] = ['zh', 'en'];

export function isLanguage(value: unknown): value is Language {
  return languages.includes(value as Language);
}

/** What is said of a command's `language` that is none. */
export const noLanguage = { zh: 'language 应为 zh 或 en', en: 'language must be zh or en' } as const;

export const categoriesZh: Readonly<Record<Category, string>> = {
  alarm: '报警',
  supervisory: '监管',
  trouble: '故障',
};

export const levelsZh: Readonly<Record<Level, string>> = { general: '一般', major: '重大', urgent: '紧急' };

export const verdictsZh: Readonly<Record<Verdict, string>> = {
  real: '真实',
  false: '误报',
  test: '测试',
  maintenance: '检修',
};

export const statesZh: Readonly<Record<IncidentState, string>> = {
  unacknowledged: '未确认',
  acknowledged: '已确认',
  returned: '已恢复',
  shelved: '已搁置',
  closed: '已关闭',
};

export const eventsZh: Readonly<Record<EventType, string>> = {
  'incident.opened': '发生',
  'incident.signal': '信号',
  'incident.acknowledged': '确认',
  'incident.escalated': '升级',
  'incident.step': '步骤',
  'incident.note': '备注',
  'incident.shelved': '搁置',
  'incident.unshelved': '取消搁置',
  'incident.returned': '恢复',
  'incident.closed': '关闭',
  'output.changed': '输出',
  'drill.started': '演练开始',
  'drill.ended': '演练结束',
  'gateway.started': '网关启动',
  'gateway.stopped': '网关停止',
  'gateway.clockSet': '时钟已校正',
};

/** Roles that the shipped plans use; a site's own role stands as it is written. */
export const rolesZh: Readonly<Record<string, string>> = {
  finder: '发现人',
  shift_lead: '当班主管',
  store_manager: '店长',
  department_manager: '部门经理',
  supervising_leader: '分管领导',
  general_manager: '总经理',
  department_heads: '各部门负责人',
  duty_lead: '值班负责人',
  duty_manager: '值班经理',
  control_room: '中控值班员',
  security_captain: '保安队长',
  security_manager: '安保经理',
  guard_supervisor: '内保主管',
  maintenance: '工程维修',
  property_management: '物业',
  it_support: '技术支持',
  customer_service: '客服',
  first_aider: '急救员',
  leading_group: '领导小组',
  command_post: '现场指挥部',
  handling_group: '处置组',
  information_collection: '信息收集',
  investigation: '调查',
  communication: '宣传沟通',
  supply: '物资保障',
};

/** Why a message counts as delivered that the broker has, and knows to have reached nobody. */
export const tookUnheard = 'the broker took it; nobody was listening';

/** A broker has a message, which is not to say that a person has: `unheard` where it is known that nobody listened. */
export function handedOver({
  channel,
  state,
  because,
}: Pick<Delivery, 'channel' | 'state' | 'because'>): 'unheard' | 'unknown' | undefined {
  if (channel !== 'mqtt' || state !== 'delivered') return undefined;
  return because === tookUnheard ? 'unheard' : 'unknown';
}

/**
 * How a number to call stands to the text of its step: `said` there already, still to be `added`, or `missing`, because
 * it is an id that no contact stands for.
 */
export function callBeside(call: string, text: string): 'said' | 'added' | 'missing' {
  const digits = call.match(/\d/g)?.length ?? 0;
  if (digits < 3 || !/^[+(]?\d[\d\s()+\-./*#,;转]*$/.test(call)) return 'missing';
  for (let at = text.indexOf(call); at >= 0; at = text.indexOf(call, at + 1))
    // (not a piece of a longer number)
    if (!/\d/.test(text.charAt(at - 1)) && !/\d/.test(text.charAt(at + call.length))) return 'said';
  return 'added';
}
