// What the status and an explanation show of people and upkeep, where a real daemon would need a channel that fails.

import { expect, test } from 'vitest';
import { toldLines } from '../../src/commands/explain-ladder.ts';
import { statusLines } from '../../src/commands/status.ts';
import type { Delivery, Told } from '../../src/core/types.ts';
import { tookUnheard } from '../../src/core/vocabulary.ts';
import { incident, status } from '../control/host.ts';

const piped = { colours: false };

test('status shows suppressed rules, channels that fail, and no more than ten duties', () => {
  const duty = {
    kind: 'exercise' as const,
    name: { zh: '烟感', en: 'Smoke' },
    what: { zh: '测试', en: 'test it' },
  };
  const lines = statusLines(
    piped,
    {
      ...status,
      suppressed: ['freezer_warm'],
      people: { channels: [{ id: 'sms', type: 'sms', ok: false, because: 'no network', waiting: 3 }] },
      duties: Array.from({ length: 13 }, (_, at) => ({
        ...duty,
        subject: `point:inputs.s${at}`,
        due: '2026-11-22T01:00:00.000Z',
        reminded: at < 12,
        overdue: at === 0,
      })),
    },
    'en',
  );
  const text = lines.join('\n');
  expect(text).toContain('⊘ suppressed by design: freezer_warm');
  expect(text).toMatch(/sms +sms +✗ down +3 +no network/);
  expect(text).toMatch(/▲ overdue +Smoke +test it +inputs\.s0/);
  expect(text).toContain('inputs.s9');
  expect(text).not.toContain('inputs.s10');
  expect(text).toContain('+2: keepwatch readiness');
});

const delivery = (more: Partial<Delivery>): Delivery => ({
  message: 'm1',
  channel: 'sms',
  person: 'wang_fang',
  state: 'waiting',
  at: '2026-11-22T01:02:04.000Z',
  ...more,
});
const told = (more: Partial<Told>): Told => ({
  number: 1,
  activation: 1,
  kind: 'rung',
  rung: 'r',
  roles: ['control_room'],
  at: '2026-11-22T01:02:04.000Z',
  atMs: 0,
  because: 'at once',
  afterMs: 0,
  skipped: false,
  to: [],
  deliveries: [],
  ...more,
});

test('each message with its channel, what became of it, and why', () => {
  const one = told({
    deliveries: [
      delivery({ state: 'failed', because: 'not delivered in time' }),
      delivery({ channel: 'mail', state: 'delivered', endedAt: '2026-11-23T01:00:00.000Z' }),
      delivery({ state: 'held', because: 'a drill tells nobody outside' }),
      delivery({ channel: 'mqtt', state: 'delivered', because: 'the broker took it' }),
      delivery({ channel: 'mqtt', state: 'delivered', because: tookUnheard }),
      delivery({ channel: 'mqtt', state: 'failed', because: 'the broker does not authorise this' }),
    ],
  });
  const reading = { language: 'zh' as const, timezone: 'Asia/Shanghai' };
  const lines = toldLines(piped, { ...incident, told: [one] }, reading).map((line) =>
    line.replace(/ +/g, ' '),
  );
  expect(lines).toEqual([
    '通知经过:',
    '09:02:04 ▸ 已通知 中控值班员 立即通知',
    '09:02:04 wang_fang · sms ✗ 未送达 (规定时间内未送达)',
    // on another day than the opening
    '2026-11-23 09:00:00 wang_fang · mail ✓ 已送达',
    '09:02:04 wang_fang · sms – 未发送 (演练不对外通知)',
    // that a broker has it is not to say that a person has
    '09:02:04 wang_fang · mqtt → 已交给消息服务器',
    '09:02:04 wang_fang · mqtt → 已交给消息服务器，但无人接收',
    '09:02:04 wang_fang · mqtt ✗ 未送达 (the broker does not authorise this)',
  ]);
});

test.each<[Partial<Told>, string, string]>([
  [
    { because: 'at once, the level is urgent or higher' },
    'at once, the level is urgent or higher',
    '级别达到紧急，立即通知',
  ],
  [{ afterMs: 600_000, unless: 'acknowledged' }, 'not acknowledged after 10 min', '已过 10 分钟，无人确认'],
  [{ afterMs: 7_200_000 }, 'still open after 2 h', '已过 2 小时，事件仍未结束'],
  [
    { afterMs: 90_000, unless: { step: 'look' } },
    'step look not done after 90 s',
    '已过 90 秒，步骤 look 未完成',
  ],
  [{ skipped: true, because: 'for working hours' }, 'for working hours', '仅在工作时间通知'],
  [{ skipped: true, unless: 'returned', because: 'back to normal' }, 'back to normal', '现场已恢复'],
  [{ skipped: true, unless: 'acknowledged', because: 'acknowledged' }, 'acknowledged', '已有人确认'],
  [
    { early: true, afterMs: 600_000, unless: 'acknowledged' },
    'nobody could be reached before',
    '上一级无人可通知，提前通知',
  ],
  [
    { kind: 'closed', because: 'drill ended: i10_kdqv is real' },
    'drill ended: i10_kdqv is real',
    '发生真实报警 i10，演练中止',
  ],
  [{ kind: 'closed', because: 'closed by li' }, 'closed by li', 'li 已关闭事件'],
])('%j', (more, en, zh) => {
  for (const [language, words] of [
    ['en', en],
    ['zh', zh],
  ] as const) {
    const [, line] = toldLines(piped, { ...incident, told: [told(more)] }, { language, timezone: 'UTC' });
    expect(line!.endsWith(`  ${words}`)).toBe(true);
  }
});
