// The engine's own reasons in Chinese. It writes them as English sentences of a few fixed shapes; each is known here
// by its shape, what is inside it (a person's note, a device's message) stays as it was written, and a sentence that
// nobody knows stays whole. Pure; the shapes are pinned by tests, because nothing else ties them to the engine.

import { conditionIn, isCondition, valueIn } from './condition-words.ts';
import type { Language, Level, Verdict } from './types.ts';
import { levelsZh, rolesZh, verdictsZh } from './vocabulary.ts';

/** What ids are called, in the reader's language; undefined: the id stands. */
export interface BecauseNames {
  /** of a point, or of an output */
  readonly point?: (id: string) => string | undefined;
  /** the words of a step of the plan that the reason is about */
  readonly step?: (id: string) => string | undefined;
  /** the title of an incident */
  readonly incident?: (id: string) => string | undefined;
  /** for readers who know no ids: what has a name goes by it in English too, and conditions are said in words */
  readonly inWords?: boolean;
}

type Groups = readonly (string | undefined)[];
/** `say` gives the words for a sentence inside this one, `point` what a point is called. */
interface Inside {
  readonly say: (text: string) => string;
  readonly point: (id: string) => string;
  /** `步骤` and which */
  readonly step: (id: string) => string;
  /** `规则` or `联锁` and its id, where ids are read; else nothing of it */
  readonly by: (kind: string, id: string) => string;
  /** `事件` and which */
  readonly incident: (id: string) => string;
  readonly inWords: boolean;
}
type Shape = readonly [shape: RegExp, words: string | ((groups: Groups, inside: Inside) => string)];

/** A reason as a person reads it. English is what the engine writes, so it is given back as it is. */
export function becauseIn(because: string, language: Language, names: BecauseNames = {}): string {
  if (language === 'zh') return inChinese(because, names, 0);
  return names.inWords ? inEnglish(because, names) : because;
}

/** Reasons hold others: an interlock's holds a condition's. Deeper than this nobody writes. */
const deepest = 4;

function inChinese(text: string, names: BecauseNames, depth: number): string {
  if (depth > deepest) return text;
  const inside: Inside = {
    say: (part) => inChinese(part, names, depth + 1),
    point: (id) => names.point?.(id) ?? id,
    step: (id) => {
      const words = names.step?.(id);
      return words === undefined ? `步骤 ${id}` : `步骤“${words}”`;
    },
    by: (kind, id) => (names.inWords ? '' : `${kind} ${id}`),
    incident: (id) => {
      const title = names.incident?.(id);
      return title === undefined ? `事件 ${numberOf(id)}` : `事件“${title}”`;
    },
    inWords: names.inWords ?? false,
  };
  for (const [shape, words] of shapes) {
    const match = shape.exec(text);
    if (match) return typeof words === 'string' ? words : words(match.slice(1), inside);
  }
  return text;
}

/** What the engine wrote, with names in the place of ids and with conditions in words. */
function inEnglish(text: string, names: BecauseNames): string {
  const point = (id: string): string => names.point?.(id) ?? id;
  return text
    .replace(expression[0], (whole, condition: string, values: string) => {
      if (!isCondition(condition)) return whole;
      const said = values.split(', ').map((each) => {
        const [id = '', value = ''] = each.split(' = ');
        return `${point(id)}: ${valueIn(value, 'en')}`;
      });
      return `${conditionIn(condition, 'en', point)} (${said.join(', ')})`;
    })
    .replace(/\bstep (\S+)(?= (?:is |not |done\b))/g, (whole, id: string) => {
      const words = names.step?.(id);
      return words === undefined ? whole : `step “${words}”`;
    })
    .replace(/(?:\bdrill of )?[^\s:;,]+, incident (\S+)/g, (whole, id: string) => {
      const title = names.incident?.(id);
      const named = title === undefined ? `incident ${numberOf(id)}` : `incident “${title}”`;
      return whole.startsWith('tells')
        ? `tells, ${named}`
        : whole.startsWith('drill')
          ? `drill, ${named}`
          : named;
    })
    .replace(/\binterlock \S+: /g, 'interlock: ')
    .replace(/[^\s:;,]+(?= reads back )/g, point)
    .replace(/[a-z][\w-]*\.[\w.-]*\w/gi, point);
}

/** A blank stands between Latin letters and Chinese ones, and nowhere else. */
function beside(first: string, second: string): string {
  return /[\p{Script=Han}）】”]$/u.test(first) ? `${first}${second}` : `${first} ${second}`;
}

const noted = (note: string | undefined): string => (note === undefined ? '' : `：${note}`);
const onOff = (word: string | undefined): string => (word === 'on' ? '开' : '关');
const numberOf = (incident: string): string => incident.split('_')[0]!;
const level = (word: string | undefined): string => levelsZh[word as Level];

const units: Readonly<Record<string, string>> = {
  ms: '毫秒',
  s: '秒',
  m: '分钟',
  min: '分钟',
  h: '小时',
  d: '天',
};

function lengthOf(text: string): string {
  return text.replace(/^(\d+(?:\.\d+)?) ?(ms|s|min|m|h|d)$/, (_, count, unit) => `${count} ${units[unit]}`);
}

function rolesOf(list: string): string {
  return list
    .split(', ')
    .map((role) => (Object.hasOwn(rolesZh, role) ? rolesZh[role]! : role))
    .join('、');
}

/** What people did; `lina acknowledged`, with the note behind it. */
const acts: Readonly<Record<string, string>> = {
  raised: '手动启动',
  acknowledged: '确认',
  silenced: '消音',
  reset: '复位',
  closed: '关闭',
  note: '备注',
  unshelved: '取消搁置',
  'evidence secured': '登记证据',
  drill: '发起演练',
  'drill ended': '结束演练',
  stopped: '停止',
};

const people: readonly Shape[] = [
  [
    /^(raised|acknowledged|silenced|reset|closed|note|unshelved|evidence secured|drill|drill ended|stopped) by ([^:]+)(?:: (.*))?$/s,
    ([act, who, note]) => `${who} ${acts[act!]}${noted(note)}`,
  ],
  [
    /^closed as (real|false|test|maintenance) by ([^:]+)(?:: (.*))?$/s,
    ([verdict, who, note]) => `${who} 关闭，定性：${verdictsZh[verdict as Verdict]}${noted(note)}`,
  ],
  [
    /^step (\S+) done by itself: (.*)$/s,
    ([id, proof], { say, step }) => `${beside(step(id!), '自动完成')}：${say(proof!)}`,
  ],
  [
    /^step (\S+) done by ([^:]+)(?:: (.*))?$/s,
    ([id, who, note], { step }) => `${who} 完成${step(id!)}${noted(note)}`,
  ],
  [
    /^level raised to (general|major|urgent) by ([^:]+)(?:: (.*))?$/s,
    ([to, who, note]) => `级别升为${level(to)}（${who}）${noted(note)}`,
  ],
  [
    /^shelved for (\d+(?:ms|s|m|h|d)): (.*) by ([^:]+)(?:: (.*))?$/s,
    ([time, reason, who, note]) => `${who} 搁置 ${lengthOf(time!)}：${reason}${noted(note)}`,
  ],
  [
    /^(\S+) taken out of service (?:\((.*)\) )?by ([^:]+)(?:: (.*))?$/s,
    ([id, reason, who, note], { point }) =>
      `${who} 停用 ${point(id!)}${reason === undefined ? '' : `（${reason}）`}${noted(note)}`,
  ],
  [
    /^(\S+) back in service by ([^:]+)(?:: (.*))?$/s,
    ([id, who, note], { point }) => `${who} 启用 ${point(id!)}${noted(note)}`,
  ],
  [/^set by (.*)$/s, ([who]) => `${who} 手动设定`],
  [/^drill ended: (\S+) is real$/, ([id]) => `发生真实报警 ${numberOf(id!)}，演练中止`],
  [/^walk test of (\d+) detectors by (.*)$/s, ([count, who]) => `${who} 开始探测器测试，共 ${count} 个`],
  [/^(\S+) back in service: its time is over$/, ([id], { point }) => `停用时间已到，启用 ${point(id!)}`],
  [/^walk test over: (\S+) is real$/, ([id]) => `发生真实报警 ${numberOf(id!)}，探测器测试中止`],
  [
    /^(\S+) speaks for too long: no longer in the walk test$/,
    ([id], { point }) => `${beside(point(id!), '持续动作过久')}，不再计入探测器测试`,
  ],
  [/^walk test: (\S+) heard$/, ([id], { point }) => `探测器测试：${beside(point(id!), '正常')}`],
  [/^walk test over, (.*)$/s, ([why], { say }) => `探测器测试结束：${say(why!)}`],
  [/^all detectors were heard$/, '探测器已全部测到'],
  [/^all detectors are at rest$/, '探测器已全部复原'],
  [/^its time is over$/, '时间已到'],
  [/^its time on the shelf is over$/, '搁置时间已到'],
];

const ladder: readonly Shape[] = [
  [
    /^nobody could be reached before: told ([^:]+)$/,
    ([roles]) => `上一级无人可通知，提前通知 ${rolesOf(roles!)}`,
  ],
  [/^(.+): told ([^:]+)$/s, ([why, roles], { say }) => `${say(why!)}，通知 ${rolesOf(roles!)}`],
  [/^at once$/, '立即通知'],
  [/^at once, the level is (general|major|urgent) or higher$/, ([of]) => `级别达到${level(of)}，立即通知`],
  [/^nobody could be reached before$/, '上一级无人可通知，提前通知'],
  [
    /^level raised to (general|major|urgent): (.*)$/s,
    ([to, why], { say }) => `级别升为${level(to)}：${say(why!)}`,
  ],
  [/^still open after (\d\S* \w+)$/, ([time]) => `已过 ${lengthOf(time!)}，事件仍未结束`],
  [/^not acknowledged after (\d\S* \w+)$/, ([time]) => `已过 ${lengthOf(time!)}，无人确认`],
  [/^not back to normal after (\d\S* \w+)$/, ([time]) => `已过 ${lengthOf(time!)}，现场仍未恢复`],
  [
    /^step (\S+) not done after (\d\S* \w+)$/,
    ([id, time], { step }) => `已过 ${lengthOf(time!)}，${beside(step(id!), '未完成')}`,
  ],
  [/^step (\S+) is not done in its time$/, ([id], { step }) => beside(step(id!), '超时未完成')],
  [/^step (\S+) is done$/, ([id], { step }) => beside(step(id!), '已完成')],
  [/^acknowledged$/, '已有人确认'],
  [/^back to normal$/, '现场已恢复'],
  [/^for working hours$/, '仅在工作时间通知'],
  [/^for other than working hours$/, '仅在非工作时间通知'],
  [/^closed$/, '事件已结束'],
  [/^done$/, '已完成'],
];

/** A blank stands before what follows an id. */
function held(by: Inside['by'], id: string): string {
  const named = by('联锁', id);
  return named === '' ? '联锁' : `${named} `;
}

const outputs: readonly Shape[] = [
  [/^at rest$/, '常态'],
  [/^chirps: a detector was heard$/, '探测器测试：测到后鸣响'],
  [
    /^held (on|off) by interlock (\S+): (.*); wanted (on|off): (.*)$/s,
    ([to, id, why, wanted, other], { say, by }) =>
      `${held(by, id!)}保持${onOff(to)}：${say(why!)}；原应${onOff(wanted)}：${say(other!)}`,
  ],
  [
    /^held (on|off) by interlock (\S+): (.*)$/s,
    ([to, id, why], { say, by }) => `${held(by, id!)}保持${onOff(to)}：${say(why!)}`,
  ],
  [/^not looked at yet, unknown counts as true$/, '尚未判断，按成立处理'],
  [/^(.*), unknown counts as true$/s, ([why], { say }) => `${say(why!)}，状态未知，按成立处理`],
  [/^tells, incident (\S+)$/, ([id], { incident }) => `现场提示，${incident(id!)}`],
  [
    /^drill of (\S+), incident (\S+)$/,
    ([rule, id], { by, incident }) => `演练${by('规则', rule!)}，${incident(id!)}`,
  ],
  [
    /^(\S+), incident (\S+)$/,
    ([rule, id], { by, incident, inWords }) => `${by('规则', rule!)}${inWords ? '' : '，'}${incident(id!)}`,
  ],
  [/^wanted (on|off), reads back (on|off)$/, ([wanted, is]) => `应为${onOff(wanted)}，回读为${onOff(is)}`],
  [
    /^(\S+ reads back (?:on|off)(?:, \S+ reads back (?:on|off))*)$/,
    ([all], { point, inWords }) =>
      all!
        .split(', ')
        .map((each) =>
          each.replace(/^(\S+) reads back (on|off)$/, (_, id, is) =>
            inWords ? beside(point(id), `回读为${onOff(is)}`) : `${id} 回读为${onOff(is)}`,
          ),
        )
        .join('，'),
  ],
  [/^the output follows again$/, '输出恢复正常'],
];

const sensors: readonly Shape[] = [
  [/^a further signal: (.*)$/s, ([why], { say }) => `又有新信号：${say(why!)}`],
  [/^no longer: (.*)$/s, ([why], { say }) => `已不成立：${say(why!)}`],
  [/^(\S+) active$/, ([id], { point }) => beside(point(id!), '动作')],
  [/^(\S+) no longer active$/, ([id], { point }) => beside(point(id!), '已复原')],
  [/^(\S+) is good again$/, ([id], { point }) => beside(point(id!), '恢复正常')],
  [
    /^(\S+) = (-?\d\S*(?: \S+)?), (above|below) (-?\d.*)$/,
    ([id, value, side, limit], { point }) =>
      `${point(id!)} = ${value}，${side === 'above' ? '高于' : '低于'} ${limit}`,
  ],
  [
    /^(\S+) = (-?\d\S*(?: \S+)?), back within its limits$/,
    ([id, value], { point }) => `${point(id!)} = ${value}，已回到限值以内`,
  ],
  [/^(\S+) = (-?\d\S*(?: \S+)?)$/, ([id, value], { point }) => `${point(id!)} = ${value}`],
  [
    /^contact chatters: (\d+) changes in (\d+) s$/,
    ([count, time]) => `触点抖动，${time} 秒内变化 ${count} 次`,
  ],
  [
    /^contact at rest for (\d+) s, after (\d+) changes$/,
    ([time, count]) => `触点变化 ${count} 次后，已稳定 ${time} 秒`,
  ],
  [/^lost or out of service$/, '失联或已停用'],
  [/^no valid value$/, '无有效值'],
  [/^not a number$/, '不是数值'],
  [/^too large a number$/, '数值过大'],
  [/^(\S+) means "no value"$/, ([value]) => `${value} 表示无数值`],
  [/^(\S+) is below the least possible, (\S+)$/, ([value, limit]) => `${value} 低于可能的最小值 ${limit}`],
  [/^(\S+) is above the most possible, (\S+)$/, ([value, limit]) => `${value} 高于可能的最大值 ${limit}`],
  [/^no reading for (\S+) s$/, ([time]) => `已有 ${time} 秒没有读数`],
  [/^an input that was left out may have changed it$/, '有一条输入被跳过，当前值未知'],
  [/^loop short$/, '回路短路'],
  [/^loop open$/, '回路开路'],
  [/^tamper$/, '防拆动作'],
  [/^between bands \((.*)\)$/, ([value]) => `回路值 ${value} 不在任何区段内`],
];

const plainValues: Readonly<Record<string, string>> = { true: '是', false: '否', unknown: '未知' };

/** Of an expression the values are said; it stays as the site file has it, unless all is wanted in words. */
const expression: Shape = [
  /^(.+) \((\S+ = [^,()]+(?:, \S+ = [^,()]+)*)\)$/s,
  ([text, values], { point, inWords }) => {
    const words = inWords && isCondition(text!);
    const said = values!.split(', ').map((each) => {
      const [id = '', value = ''] = each.split(' = ');
      if (words) return `${point(id)}：${valueIn(value, 'zh')}`;
      return `${point(id)} = ${Object.hasOwn(plainValues, value) ? plainValues[value] : value}`;
    });
    return `${words ? conditionIn(text!, 'zh', point) : text}（${said.join('，')}）`;
  },
];
const links: readonly Shape[] = [
  [/^the bus is back$/, '总线已恢复'],
  [/^a device answers again$/, '有设备恢复应答'],
  [/^the device answers again$/, '设备恢复应答'],
  [/^it answers$/, '设备有应答'],
  [/^it answers again$/, '设备恢复应答'],
  [/^inhibited: the whole bus is lost$/, '整条总线中断，不再单独报告'],
  [
    /^none of (\d+) devices answers: (.*)$/s,
    ([count, why], { say }) => `${count} 台设备均无应答：${say(why!)}`,
  ],
  [/^(.*), (\d+) times$/s, ([why, count], { say }) => `${say(why!)}，连续 ${count} 次`],
  [/^no answer$/, '无应答'],
  [/^no answer from unit (\d+)$/, ([unit]) => `${unit} 号站无应答`],
  [/^no answer from (\S+)$/, ([name]) => `${name} 无应答`],
  [/^no answer to (\S+)$/, ([question]) => `查询 ${question} 无应答`],
  [/^module (\S+) does not answer$/, ([address]) => `模块 ${address} 无应答`],
  [/^the module sends nothing$/, '模块没有发送数据'],
  [/^connected to (\S+)$/, ([name]) => `已连接 ${name}`],
  [/^connection to (\S+) refused$/, ([name]) => `${name} 拒绝连接`],
  [/^connection to (\S+) was reset$/, ([name]) => `与 ${name} 的连接被重置`],
  [/^connection to (\S+) failed: (.*)$/s, ([name, why]) => `连接 ${name} 失败：${why}`],
  [/^(\S+) closed the connection$/, ([name]) => `${name} 断开了连接`],
  [/^the name (\S+) can't be resolved$/, ([name]) => `域名 ${name} 无法解析`],
  [/^removed from the configuration$/, '已从配置中删除'],
  [/^the rule was removed from the configuration$/, '规则已从配置中删除'],
  [/^(\S+) was removed from the configuration$/, ([id]) => `${id} 已从配置中删除`],
];

/** `i3 (Fire · Atrium / 火灾 · 中庭), i4 and 3 more`: each by its Chinese name where it has one. */
function openThen(list: string): string {
  return list
    .replace(/(\S+) \((?:[^()/]* \/ )?([^()/]*)\)/g, (_, id, title) => `${id}（${title}）`)
    .replace(/ and (\d+) more$/, (_, count) => `，另有 ${count} 起`)
    .replaceAll(', ', '，');
}

const health: readonly Shape[] = [
  [/^the disk takes writes again$/, '磁盘恢复写入'],
  [
    /^the engine failed at an input and left it out: (.*)$/s,
    ([what]) => `网关内部故障，一条输入未处理，已跳过：${what}`,
  ],
  [/^no input had to be left out for (\d+) min$/, ([minutes]) => `已有 ${minutes} 分钟没有输入被跳过`],
  [
    /^the stored state was damaged and set aside as (\S+); a new one was begun(?:; open then: ([^;]*))?(; what was open then can't all be read: there may have been alarms)?$/s,
    ([name, open, unknown]) =>
      `存储的运行记录受损，已另存为 ${name}，并重新开始记录${open === undefined ? '' : `；当时未关闭：${openThen(open)}`}${unknown === undefined ? '' : '；当时未关闭的事件无法全部读出，可能有报警，请现场查看'}`,
  ],
  [
    /^the last changes on the disk could not be read: what came before them is kept$/,
    '磁盘上最后的改动无法读取，之前的内容仍保留',
  ],
  [
    /^the state in the data folder was another machine's: a copied card, or one that was moved; it goes on under a new epoch$/,
    '数据文件夹里的状态来自另一台机器（复制的或换过来的存储卡），已用新的 epoch 继续',
  ],
  [
    /^(\d+) facts? of the journal could not be used and (?:was|were) left out(?:; no longer followed: (.*))?$/s,
    ([count, lost]) =>
      `日志中有 ${count} 条记录无法使用，已跳过${lost === undefined ? '' : `；不再跟踪：${lost}`}`,
  ],
  [/^(\d+) MiB free on the disk of (.*)$/s, ([free, folder]) => `${folder} 所在磁盘剩余 ${free} MiB`],
  [/^the clock is synchronised$/, '时钟已同步'],
  [/^the clock was not synchronised for (\d+) h$/, ([hours]) => `时钟已有 ${hours} 小时未同步`],
  [
    /^the monitoring centre has not confirmed event (\d+) and later within (\S+) s$/,
    ([event, time]) => `监控中心 ${time} 秒内未确认第 ${event} 条及以后的事件`,
  ],
  [/^the monitoring centre confirms again$/, '监控中心恢复确认'],
  [
    /^the clock is synchronised: earlier times were off by up to (\d+) (s|min|h)$/,
    ([amount, unit]) =>
      `时钟已同步：此前记录的时间最多偏差 ${amount} ${unit === 's' ? '秒' : unit === 'min' ? '分钟' : '小时'}`,
  ],
  [
    /^(\S+) stood still for (\d+) s and was started anew$/,
    ([part, seconds]) => `${part} 停滞 ${seconds} 秒，已重新启动`,
  ],
  [
    /^the disk lost what it had acknowledged: the broker has seen event (\d+)$/,
    ([seq]) => `磁盘丢失了已确认写入的内容：消息服务器已收到第 ${seq} 条事件`,
  ],
  [/^(\S+) goes on$/, ([part]) => `${part} 恢复运行`],
  [
    /^another client connects to the broker as (\S+)$/,
    ([name]) => `另一客户端以 ${name} 的身份连接消息服务器`,
  ],
  [
    /^another gateway publishes under this name \(its session is (.*)\)$/s,
    ([session]) => `另一网关以同一身份发布消息（会话 ${session}）`,
  ],
  [/^no other gateway was seen under this name for ten minutes$/, '十分钟内未再发现使用同一身份的网关'],
  [/^(\S+) is taken by another program$/, ([place]) => `${place} 已被其他程序占用`],
  [/^this machine has no address (\S+)$/, ([address]) => `本机没有地址 ${address}`],
  [/^no right to listen on (\S+)$/, ([place]) => `无权监听 ${place}`],
  [/^the console can't listen on (\S+): (.*)$/s, ([place, why]) => `控制台无法监听 ${place}：${why}`],
  [/^the console listens again$/, '控制台已恢复监听'],
  [/^keepwatch (\S+) started$/, ([version]) => `keepwatch ${version} 已启动`],
];

const deliveries: readonly Shape[] = [
  [/^a drill tells nobody outside$/, '演练不对外通知'],
  [/^not delivered in time$/, '规定时间内未送达'],
  [/^refused$/, '被拒绝'],
  [/^the broker took it$/, '消息服务器已收下'],
  [/^the broker took it; nobody was listening$/, '消息服务器已收下，但无人接收'],
  [/^the network took it$/, '运营商已接收'],
  [/^a message was delivered$/, '消息已送达'],
  [/^no delivery$/, '消息未送达'],
  [/^no phone number$/, '没有电话号码'],
  [/^no e-mail address$/, '没有邮箱地址'],
  [/^no address on this channel$/, '在此通道上没有地址'],
  [/^was going out when it was withdrawn$/, '撤回时正在发送'],
  [/^not done within (\S+) s$/, ([time]) => `${time} 秒内未完成`],
  [/^it refuses user name and password: (.*)$/s, ([why]) => `用户名或密码被拒绝：${why}`],
  [/^it refuses the recipient: (.*)$/s, ([why]) => `收件人被拒绝：${why}`],
  [/^it refuses the sender: (.*)$/s, ([why]) => `发件人被拒绝：${why}`],
  [/^it refuses the message: (.*)$/s, ([why]) => `邮件被拒绝：${why}`],
  [/^(.*), twice; the text may have gone out$/s, ([why], { say }) => `${say(why!)}，共两次；短信可能已发出`],
  [/^(.*); the text may have gone out$/s, ([why], { say }) => `${say(why!)}；短信可能已发出`],
];

const duties: Readonly<Record<string, string>> = {
  drill: '应急演练',
  expires: '到期更换',
  check: '检查',
  'look through the contacts': '核对通讯录',
  'test it': '测试探测器',
};

function dutyOf(what: string): string {
  if (Object.hasOwn(duties, what)) return duties[what]!;
  const [, there, wanted] = /^(\S+) there, (\S+) wanted$/.exec(what) ?? [];
  if (there !== undefined) return `补足，现有 ${there}，应有 ${wanted}`;
  const [, day] = /^drill before (.*)$/s.exec(what) ?? [];
  return day === undefined ? what : `${day} 前的应急演练`;
}

const upkeep: readonly Shape[] = [
  [
    /^(.+?): (.+), due by (\d{4}-\d\d-\d\d)$/s,
    ([name, what, date]) => `${name}：${dutyOf(what!)}，${date} 前完成`,
  ],
  [
    /^(.+?): (.+), overdue since (\d{4}-\d\d-\d\d)$/s,
    ([name, what, date]) => `${name}：${dutyOf(what!)}，已于 ${date} 到期`,
  ],
];

const shapes: readonly Shape[] = [
  ...people,
  ...upkeep,
  ...ladder,
  ...outputs,
  ...sensors,
  ...links,
  ...health,
  ...deliveries,
  expression,
  // `device.point: no valid value`; only where the sentence behind it is known
  [
    /^([\w.-]+): (.*)$/s,
    ([id, why], { say, point }) => {
      const said = say(why!);
      return said === why ? `${id}: ${why}` : `${point(id!)}：${said}`;
    },
  ],
];
