// Writes the site file, and the file of people, from the answers: YAML with a comment wherever a person will want to
// change or add something. The loader takes what it writes; a test holds it to that. Pure.

import type { Language } from '../core/types.ts';
import { busLine, deviceLine } from '../probe/block.ts';
import type { Answers, BusAnswer, ContactAnswer, DeviceAnswer } from './parts.ts';

type Comment = (zh: string, en: string) => string;

const commenting =
  (language: Language): Comment =>
  (zh, en) =>
    `# ${language === 'zh' ? zh : en}`;

/** What YAML would take for something else is quoted. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function nameOf({ zh, en }: { readonly zh?: string; readonly en?: string }): string | undefined {
  if (zh !== undefined && en !== undefined) return `{ zh: ${quoted(zh)}, en: ${quoted(en)} }`;
  const one = zh ?? en;
  return one === undefined ? undefined : quoted(one);
}

export function composeSite(answers: Answers): string {
  const { premises } = answers;
  const comment = commenting(premises.language);
  const blocks = [
    [
      comment(
        '由 `keepwatch init` 生成；改动后用 `keepwatch check` 检查',
        'made by `keepwatch init`; check what you change with `keepwatch check`',
      ),
      comment('所有键的说明：docs/configuration.md', 'what every key means: docs/configuration.md'),
    ],
    [
      'premises:',
      `  id: ${premises.id}  ${comment('出现在每个主题里，之后不要改', 'a word in every topic: leave it as it is from now on')}`,
      `  name: ${nameOf(premises) ?? premises.id}`,
      `  timezone: ${premises.timezone}`,
      `  language: ${premises.language}`,
    ],
    [
      `data: ${quoted(answers.data)}  ${comment('状态：日志、事件、未送出的消息', 'state: journal, incidents, messages not yet delivered')}`,
    ],
    mqttBlock(answers, comment),
    busBlock(answers, comment),
    zoneBlock(answers, comment),
    deviceBlock(answers, comment),
    outputBlock(answers, comment),
    peopleBlock(answers, comment),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function mqttBlock({ mqtt }: Answers, comment: Comment): string[] {
  if (mqtt === undefined) {
    return [
      comment(
        '没有消息服务器：报警只在本机。接监控中心时写：',
        'no broker: alarms stay here. For a monitoring centre:',
      ),
      '# mqtt: { url: "mqtts://broker.example:8883", username: NAME, password: !secret mqtt_password }',
    ];
  }
  if (mqtt.url === 'embedded') {
    return [
      comment(
        '内置消息服务器，只在本机 127.0.0.1:1883',
        'a broker inside, on 127.0.0.1:1883 of this machine alone',
      ),
      'mqtt: { url: embedded }',
    ];
  }
  return [
    'mqtt:',
    `  url: ${quoted(mqtt.url)}`,
    ...(mqtt.username === undefined
      ? []
      : [
          `  username: ${quoted(mqtt.username)}`,
          `  password: !secret mqtt_password  ${comment('写在旁边的 secrets.yaml（chmod 600），不要写在这里', 'goes into secrets.yaml beside this file (chmod 600), never in here')}`,
        ]),
    ...(mqtt.ca === undefined ? [] : [`  ca: ${quoted(mqtt.ca)}`]),
  ];
}

function busBlock({ buses, contacts, outputs }: Answers, comment: Comment): string[] {
  const header = contacts.length + outputs.length > 0;
  if (buses.length === 0 && !header) {
    return [
      comment('还没有线路。例：', 'no line yet. For example:'),
      '# buses:',
      '#   line1: { driver: modbus-rtu, path: /dev/serial/by-id/…, baudRate: 9600, parity: none }',
      '#   header: { driver: gpio }',
    ];
  }
  return [
    'buses:',
    ...buses.map(busText),
    ...(header
      ? [`${busLine('header', 'gpio', {})}  ${comment('树莓派排针', "the lines of the board's header")}`]
      : []),
  ];
}

function busText({ id, at }: BusAnswer): string {
  if (at.kind === 'tcp') return busLine(id, 'modbus-tcp', { host: at.host, port: at.port });
  return busLine(id, 'modbus-rtu', { path: at.path, baudRate: at.baudRate, parity: at.parity });
}

function zoneBlock({ zones }: Answers, comment: Comment): string[] {
  if (zones.length === 0)
    return [
      comment(
        '区域：zones: { hall: { name: 大厅 } }，再写到测点上',
        'zones: { hall: { name: Hall } }, then name them at points',
      ),
    ];
  return ['zones:', ...zones.map(({ id, ...names }) => `  ${id}: { name: ${nameOf(names) ?? id} }`)];
}

function deviceBlock(answers: Answers, comment: Comment): string[] {
  const { devices, contacts } = answers;
  if (devices.length + contacts.length === 0) {
    return [
      comment(
        '还没有设备。找出线上有什么：keepwatch probe --scan --path /dev/…',
        'no device yet. What is on a line: keepwatch probe --scan --path /dev/…',
      ),
      '# devices:',
      '#   board: { bus: line1, unit: 2, profile: generic-modbus-smoke }',
    ];
  }
  return [
    'devices:',
    ...devices.flatMap((device) => deviceText(device, comment)),
    ...contactText(contacts, comment),
  ];
}

function deviceText(
  { id, bus, unit, profile, zone, otherwise = [] }: DeviceAnswer,
  comment: Comment,
): string[] {
  const place = { bus, unit, ...(profile !== undefined && { profile }), ...(zone !== undefined && { zone }) };
  if (profile === undefined) {
    return [
      `  ${comment(`${id}：产品未知，按说明书写测点`, `${id}: the product is not known; write its points from its manual`)}`,
      deviceLine(id, { ...place, points: { value: { read: 'holding:0' } } }),
    ];
  }
  const also =
    otherwise.length === 0
      ? []
      : [
          `  ${comment(`${id}：也可能是 ${otherwise.join('，')}`, `${id}: it may also be ${otherwise.join(', ')}`)}`,
        ];
  return [...also, deviceLine(id, place)];
}

function contactText(contacts: readonly ContactAnswer[], comment: Comment): string[] {
  if (contacts.length === 0) return [];
  return [
    '  inputs:',
    '    bus: header',
    '    points:',
    `      ${comment('常闭触点接地、线上拉：断线即报警。常开的写 activeLow（断线看不见）', 'normally closed to ground, the line pulled up: a cut wire alarms. Normally open: activeLow, and a cut wire is not seen')}`,
    ...contacts.map(({ id, line, kind, zone, normallyOpen }) => {
      const words = [
        `line: ${quoted(line)}`,
        `kind: ${kind}`,
        ...(zone === undefined ? [] : [`zone: ${zone}`]),
        ...(normallyOpen ? ['activeLow: true'] : []),
        'debounce: 50ms',
      ];
      return `      ${id}: { ${words.join(', ')} }`;
    }),
  ];
}

function outputBlock({ outputs }: Answers, comment: Comment): string[] {
  if (outputs.length === 0) return [];
  return [
    comment(
      '有未确认的报警时自动响；`tells` 换成规则的 `outputs` 可只对某些报警响',
      'sounds while an alarm is not acknowledged; for some alarms only, name it in `outputs` of rules instead of `tells`',
    ),
    'outputs:',
    ...outputs.map(
      ({ id, line }) =>
        `  ${id}: { bus: header, line: ${quoted(line)}, silenceable: true, maxOn: 10m, tells: { category: alarm } }`,
    ),
  ];
}

function peopleBlock({ people }: Answers, comment: Comment): string[] {
  const channels = [
    comment('怎样通知到人，按先后：', 'the ways to reach people, in order of trying:'),
    '# channels:',
    '#   wecom: { type: webhook, template: wecom, url: !secret wecom_url }',
    '#   sms: { type: sms, path: /dev/serial/by-id/… }',
  ];
  if (people.length === 0)
    return [
      comment(
        '谁被通知：从 config/examples/contacts.yaml 抄一份，再写：',
        'who is told: copy config/examples/contacts.yaml, then write:',
      ),
      '# contacts: contacts.yaml',
      ...channels,
    ];
  return ['contacts: contacts.yaml', ...channels];
}

export function composeContacts({ people, premises }: Answers): string {
  const comment = commenting(premises.language);
  return `${[
    comment(
      '人、角色和时间。角色见 config/plans/README.md；完整的例子见 config/examples/contacts.yaml',
      'people, their roles and hours. Roles: config/plans/README.md; a full example: config/examples/contacts.yaml',
    ),
    'people:',
    ...people.flatMap(({ id, phone, roles }) => [
      `  ${id}:`,
      `    name: ${id}  ${comment('改成姓名', 'put the name here')}`,
      `    phone: ${quoted(phone)}`,
      `    roles: [${roles.join(', ')}]`,
    ]),
  ].join('\n')}\n`;
}
