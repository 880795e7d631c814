// What people read: one incident and many, in both languages, for those who act and those who are told that it is over;
// short enough for a text message, marked as a drill, and with nothing in it that is more than words.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incident, Message, Told } from '../../src/core/types.ts';
import { type Reader, type Words, wordsFor } from '../../src/notify/words.ts';
import { premises, sampleTold, toldIncident } from './people.ts';

const zh: Reader = { language: 'zh', roles: ['store_manager'], answers: true };
const en: Reader = { language: 'en', roles: ['store_manager'], answers: true };

function words(incidents: readonly Incident[], reader = zh, drill = false): Words {
  const message: Message = {
    id: 'm1',
    channel: 'sms',
    person: 'wang_fang',
    drill,
    about: incidents.flatMap(({ id, told }) => told!.map(({ number }) => ({ incident: id, told: number }))),
    sinceMs: 0,
  };
  return wordsFor(message, (id) => incidents.find((one) => one.id === id), reader, premises)!;
}

const step = (id: string, zhText: string, enText: string, more: object = {}) => ({
  id,
  text: { zh: zhText, en: enText },
  required: true,
  ...more,
});

const fire = (more: Partial<Incident> = {}): Incident =>
  toldIncident('i12_kdqv', {
    signals: [{ rule: 'smoke', value: true, because: 'inputs.smoke active', at: '', active: true, count: 1 }],
    steps: [
      step('call', '拨打火警电话。', 'Call the fire brigade.', {
        call: '119',
        dueAt: '2026-11-22T01:04:03.456Z',
      }),
      step('leave', '疏散顾客', 'Get customers out', { role: 'shift_lead' }),
      step('meet', '到门口接消防队', 'Meet the brigade at the gate', { role: 'store_manager' }),
      step('done', '已做的', 'Done already', { doneAt: '2026-11-22T01:03:00.000Z' }),
    ],
    ...more,
  });

describe('one incident', () => {
  it('says what, where, since when, why and what to do', () => {
    expect(words([fire()])).toMatchObject({
      title: '【紧急】火灾 · 中庭',
      text: [
        '一号店，i12，11月22日 09:02 起',
        '原因：inputs.smoke 动作',
        '请执行：',
        '1. 拨打火警电话（电话 119）（09:04 前）',
        '2. 到门口接消防队',
        '回复 i12 确认',
      ].join('\n'),
      short: '【紧急】火灾 · 中庭，一号店，11月22日 09:02 起，拨打火警电话。回复 i12 确认',
      kind: 'rung',
      level: 'urgent',
    });
    expect(words([fire()], { ...en, answers: false })).toMatchObject({
      title: '[URGENT] Fire · Atrium',
      text: [
        'Store One, i12, since 22 Nov 09:02',
        'Cause: inputs.smoke active',
        'What to do:',
        '1. Call the fire brigade (call 119) (by 09:04)',
        '2. Meet the brigade at the gate',
        'To acknowledge: run keepwatch ack i12 on the gateway, or tell the control room',
      ].join('\n'),
      short:
        '[URGENT] Fire · Atrium, Store One, since 22 Nov 09:02, Call the fire brigade. To acknowledge: run keepwatch ack i12 on the gateway, or tell the control room',
    });
  });

  it('says why it is told only now, who found it, and how it stands', () => {
    const told = [sampleTold(2, { afterMs: 600_000, unless: 'acknowledged' })];
    const incident = fire({ told, place: '二楼', finder: { name: '赵六', phone: '138' }, active: false });
    const { text } = words([incident]);
    expect(text).toContain('地点：二楼\n发现人：赵六 138\n已过 10 分钟，无人确认\n现场信号已恢复');
    expect(words([fire({ told: [sampleTold(2, { afterMs: 7_200_000 })] })], en).text).toContain(
      'Still open after 2 h',
    );
    const early = [sampleTold(2, { afterMs: 600_000, unless: 'acknowledged', early: true })];
    expect(words([fire({ told: early })]).text).toContain('上一级无人可通知，现通知您');
    expect(words([fire({ told: early })]).text).not.toContain('无人确认');
    expect(words([fire({ told: early })], en).text).toContain('Nobody could be reached before you');
    const taken = words([fire({ acknowledged: true, acknowledgedBy: '李强' })]);
    expect(taken.text).toContain('李强 已确认');
    expect(taken.short).not.toContain('回复');
  });

  it('gives a deputy the steps of those for whom the deputy stands in', () => {
    const told = [sampleTold(1, { roles: ['shift_lead'] })];
    const { text } = words([fire({ told })], { ...zh, roles: ['cashier'] });
    expect(text).toContain('2. 疏散顾客');
    expect(text).not.toContain('到门口接消防队');
  });

  it('is marked as a drill wherever it is read', () => {
    for (const reader of [zh, en]) {
      const mark = reader === zh ? '【演练】' : '[DRILL] ';
      const { title, text, short } = words([fire()], reader, true);
      for (const each of [title, text, short]) expect(each.startsWith(mark)).toBe(true);
    }
  });

  it('names the step that is overdue, first', () => {
    const told = [
      sampleTold(3, { kind: 'overdue', rung: 'meet', because: 'step meet is not done in its time' }),
    ];
    const said = words([fire({ told })]);
    expect(said.title).toBe('【紧急】步骤超时：火灾 · 中庭');
    expect(said.text).toContain('步骤超时：到门口接消防队');
    expect(said.text).toContain('请执行：\n1. 到门口接消防队');
    expect(said.kind).toBe('overdue');
  });

  it('is said to be over, by whom and as what', () => {
    const told = [sampleTold(4, { kind: 'closed', rung: '', roles: [] })];
    const closed = fire({ told, state: 'closed', active: false, closedBy: '王芳', verdict: 'false' });
    expect(words([closed])).toMatchObject({
      title: '【解除】火灾 · 中庭',
      short: '【解除】火灾 · 中庭，一号店，由 王芳 关闭，结论：误报。',
      kind: 'closed',
    });
    expect(words([closed], en).text).toContain('Closed by 王芳 as a false alarm');
    expect(words([closed], en).short).not.toContain('Reply');
  });

  it('a drill that a real alarm ended is not said to be over', () => {
    const drill = fire({
      drill: true,
      state: 'closed',
      active: false,
      verdict: 'test',
      told: [sampleTold(4, { kind: 'closed', rung: '', because: 'drill ended: i10_kdqv is real' })],
    });
    expect(words([drill], zh, true)).toMatchObject({
      title: '【演练】演练中止',
      text: '【演练】一号店，i12，11月22日 09:02 起\n发生真实报警 i10，请按真实报警处理。',
      short: '【演练】演练中止，一号店，发生真实报警 i10，请按真实报警处理。',
    });
    const { title, short } = words([drill], en, true);
    expect(title).toBe('[DRILL] Drill broken off');
    expect(short).toContain('Drill broken off: i10 is real, treat it as real');
    const two = words([drill, { ...drill, id: 'i13_kdqv' }], zh, true);
    for (const text of [two.title, two.text, two.short]) expect(text).not.toContain('解除');
    // one that a person ended is over
    expect(words([{ ...drill, closedBy: '王芳' }], zh, true).title).toBe('【演练】【解除】火灾 · 中庭');
  });

  it('says the day of a limit that is not today, and the number only where there is one', () => {
    const steps = [
      step('a', '拨打 120', 'Call an ambulance', { call: '120', dueAt: '2026-11-25T17:47:00.000Z' }),
      step('b', '联系物业', 'Call the landlord', { call: 'landlord' }),
    ];
    const { text } = words([fire({ steps })]);
    expect(text).toContain('1. 拨打 120（11月26日 01:47 前）\n2. 联系物业（电话未登记）');
    const english = words([fire({ steps })], en).text;
    expect(english).toContain('1. Call an ambulance (call 120) (by 26 Nov 01:47)');
    expect(english).toContain('2. Call the landlord (number not on file)');
  });

  it('of duties names what is due, each once', () => {
    const due = (name: string, rule = 'duty', active = true) => ({
      rule,
      subject: `article:${name}`,
      value: null,
      because: `${name}：检查，${rule === 'duty' ? '2026-12-01 前完成' : '已于 2026-11-01 到期'}`,
      at: '',
      active,
      count: 1,
    });
    const signals = [
      due('应急灯'),
      due('应急灯', 'duty_overdue'),
      due('毛毯', 'duty', false),
      ...['灭火器', '手电', '雨衣', '沙袋', '水泵', '担架'].map((name) => due(name)),
    ];
    const title = { zh: '到期事项 · 物资检查', en: 'Due · readiness' };
    const said = words([
      toldIncident('i5_kdqv', { plan: 'duties', level: 'general', title, signals, category: 'supervisory' }),
    ]);
    expect(said.title).toBe('【一般】到期事项 · 物资检查（应急灯、灭火器、手电 等 7 项）');
    expect(said.text).toContain('事项：应急灯：检查，已于 2026-11-01 到期\n事项：灭火器：检查，');
    expect(said.text).toContain('……另有 1 项');
    expect(said.text).not.toContain('毛毯');
  });

  it('that nobody is told of any more has no words', () => {
    const message: Message = {
      id: 'm1',
      channel: 'sms',
      drill: false,
      about: [{ incident: 'i1', told: 1 }],
      sinceMs: 0,
    };
    expect(wordsFor(message, () => undefined, zh, premises)).toBeUndefined();
    expect(wordsFor(message, () => toldIncident('i1', { told: [] }), zh, premises)).toBeUndefined();
  });
});

describe('many incidents', () => {
  const many = [
    ...Array.from({ length: 505 }, (_, index) =>
      toldIncident(`i${index + 100}_kdqv`, {
        plan: index < 300 ? 'water_leak' : 'equipment',
        category: index < 300 ? 'alarm' : 'trouble',
        level: index < 300 ? 'major' : 'general',
        title:
          index < 300 ? { zh: '水浸 · 地下室', en: 'Water · Cellar' } : { zh: '设备故障', en: 'Equipment' },
      }),
    ),
    ...Array.from({ length: 4 }, (_, index) => fire({ id: `i${index + 9000}_kdqv` })),
  ];

  it('are counted, ten of them named, the most urgent first', () => {
    const said = words(many);
    const lines = said.text.split('\n');
    expect(said.title).toBe('【紧急】火灾 · 中庭 等 509 起');
    expect(lines[0]).toBe('一号店');
    expect(lines[1]).toBe('i9000 【紧急】火灾 · 中庭，11月22日 09:02');
    expect(lines[5]).toBe('i100 【重大】水浸 · 地下室，11月22日 09:02');
    expect(lines[11]).toBe('另有 499 起：水浸 294 起，设备故障 205 起');
    expect(lines[12]).toBe('先处理 i9000：拨打火警电话（电话 119）');
    expect(lines[13]).toBe('回复 1 全部确认，或回复编号');
    expect(lines).toHaveLength(14);
    expect(said.short).toBe(
      '【紧急】一号店：i9000 火灾·中庭，i9001 火灾·中庭，i9002 火灾·中庭，另有 506 起：火灾 1 起，水浸 300 起，设备故障 205 起；先处理 i9000：拨打火警电话（电话 119）；回复 1 全部确认，或回复编号',
    );
    expect(words(many, en).text).toContain('499 more: 294 × Water, 205 × Equipment');
  });

  it('are named with their numbers in a text message, what is over apart from what is open', () => {
    const water = toldIncident('i2_kdqv', {
      level: 'major',
      title: { zh: '漏水 · 厨房', en: 'Water · Kitchen' },
    });
    const ended = toldIncident('i3_kdqv', {
      state: 'closed',
      told: [sampleTold(1, { kind: 'closed' })],
      title: { zh: '火灾 · 二楼', en: 'Fire · Upstairs' },
    });
    const said = words([ended, water, fire({ id: 'i1_kdqv', steps: [] })]);
    expect(said.title).toBe('【紧急】火灾 · 中庭 等 2 起');
    expect(said.short).toBe(
      '【紧急】一号店：i1 火灾·中庭，i2 漏水·厨房；解除：i3 火灾·二楼；回复 1 全部确认，或回复编号',
    );
    expect(said.text).toContain('\ni3 【解除】火灾 · 二楼，');
    expect(words([ended, water], en).title).toBe('[MAJOR] Water · Kitchen');
    const all = [ended, { ...ended, id: 'i4_kdqv' }];
    expect(words(all)).toMatchObject({
      title: '【解除】火灾 · 二楼 等 2 起',
      short: '一号店：解除：i3 火灾·二楼，i4 火灾·二楼',
    });
  });

  it('leave the first step out of a text message that has no room for it', () => {
    const long = step('call', '步'.repeat(160), 'x'.repeat(160));
    const said = words([fire({ steps: [long] }), fire({ id: 'i13_kdqv', steps: [long] })]);
    expect(said.text).toContain(`先处理 i12：${'步'.repeat(160)}`);
    expect(said.short).toBe('【紧急】一号店：i12 火灾·中庭，i13 火灾·中庭；回复 1 全部确认，或回复编号');
  });

  it('are one where two things are told of it', () => {
    const told = [sampleTold(1), sampleTold(2, { kind: 'overdue', rung: 'meet' })];
    const said = words([fire({ told })]);
    expect(said.title).toBe('【紧急】火灾 · 中庭');
    expect(said.text).toContain('步骤超时：到门口接消防队');
  });

  it('that are over come last', () => {
    const over = toldIncident('i1_kdqv', {
      level: 'urgent',
      state: 'closed',
      told: [sampleTold(1, { kind: 'closed' })],
    });
    const open = toldIncident('i2_kdqv', { level: 'general', category: 'trouble' });
    expect(words([over, open]).incidents.map(({ id }) => id)).toEqual(['i2_kdqv', 'i1_kdqv']);
  });
});

describe('whatever people and devices write', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  const kinds: Told['kind'][] = ['rung', 'overdue', 'closed'];

  it('stays one line of words, and fits into a text message with the way to acknowledge', () => {
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(...kinds),
        (title, place, cause, count, kind) => {
          const incidents = Array.from({ length: count }, (_, index) =>
            fire({
              id: `i${index + 1}_kdqv`,
              title: { zh: title, en: title },
              place,
              signals: [{ rule: 'r', value: true, because: cause, at: '', active: true, count: 1 }],
              told: [sampleTold(1, { kind, rung: 'meet' })],
              ...(kind === 'closed' && { state: 'closed' as const, closedBy: place }),
            }),
          );
          for (const reader of [zh, en]) {
            const said = words(incidents, reader, true);
            expect(said.short.length).toBeLessThanOrEqual(200);
            if (kind !== 'closed') expect(said.short).toMatch(reader === zh ? /i1/ : /i1/);
            expect(said.title).not.toMatch(/[\p{Cc}\u202e]/u);
            expect(said.short).not.toMatch(/[\p{Cc}\u202e]/u);
            expect(said.text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
            expect(said.text.split('\n').length).toBeLessThanOrEqual(20);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
