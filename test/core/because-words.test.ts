// The engine's reasons in Chinese: the shapes one by one, and that random histories bring forth none that stays English.

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type BecauseNames, becauseIn } from '../../src/core/because-words.ts';
import { callBeside } from '../../src/core/vocabulary.ts';
import { timelines } from '../support/ladder-sites.ts';
import { watch } from '../support/ladder-watch.ts';

const names = { point: (id: string) => (id === 'inputs.smoke' ? '中庭烟感' : undefined) };

describe('a reason in Chinese', () => {
  test.each([
    ['inputs.smoke active', '中庭烟感动作'],
    ['heat.hall active', 'heat.hall 动作'],
    ['inputs.smoke no longer active', '中庭烟感已复原'],
    ['gas.ppm = 150 ppm, above 100 ppm', 'gas.ppm = 150 ppm，高于 100 ppm'],
    ['freezer.t = -5, back within its limits', 'freezer.t = -5，已回到限值以内'],
    ['no longer: inputs.smoke active', '已不成立：中庭烟感动作'],
    [
      'inputs.smoke || heat.hall (inputs.smoke = true, heat.hall = unknown)',
      'inputs.smoke || heat.hall（中庭烟感 = 是，heat.hall = 未知）',
    ],
    ['inputs.smoke: no valid value', '中庭烟感：无有效值'],
    ['raised by 李娜: 二楼有烟: 很浓', '李娜 手动启动：二楼有烟: 很浓'],
    ['acknowledged by lina', 'lina 确认'],
    ['closed as false by lina: 蒸汽', 'lina 关闭，定性：误报：蒸汽'],
    ['step call done by lina: 119', 'lina 完成步骤 call：119'],
    [
      'step stop done by itself: siren reads back on, fan reads back off',
      '步骤 stop 自动完成：siren 回读为开，fan 回读为关',
    ],
    ['level raised to urgent: not acknowledged after 10 min', '级别升为紧急：已过 10 分钟，无人确认'],
    ['level raised to major by gas_high', '级别升为重大（gas_high）'],
    ['not acknowledged after 10 min: told store_manager, boss', '已过 10 分钟，无人确认，通知 店长、boss'],
    ['nobody could be reached before: told store_manager', '上一级无人可通知，提前通知 店长'],
    ['shelved for 1h: 焊接 by the door by lina', 'lina 搁置 1 小时：焊接 by the door'],
    ['its time on the shelf is over', '搁置时间已到'],
    ['smoke_siren, incident i1_abcd', '规则 smoke_siren，事件 i1'],
    ['tells, incident i1_abcd', '现场提示，事件 i1'],
    [
      'held off by interlock gas_valve: gas.hall active, unknown counts as true; wanted on: set by lina',
      '联锁 gas_valve 保持关：gas.hall 动作，状态未知，按成立处理；原应开：lina 手动设定',
    ],
    ['inputs.smoke taken out of service (焊接) by lina', 'lina 停用 中庭烟感（焊接）'],
    ['drill ended: i10_kdqv is real', '发生真实报警 i10，演练中止'],
    ['no answer from unit 3, 5 times', '3 号站无应答，连续 5 次'],
    ['none of 2 devices answers: no answer', '2 台设备均无应答：无应答'],
    ['the network took it', '运营商已接收'],
    [
      'Torch: 3 there, 4 wanted, overdue since 2026-11-23',
      'Torch：补足，现有 3，应有 4，已于 2026-11-23 到期',
    ],
  ])('%s', (english, chinese) => {
    expect(becauseIn(english, 'zh', names)).toBe(chinese);
    expect(becauseIn(english, 'en', names)).toBe(english);
  });

  const known: BecauseNames = {
    point: (id) => ({ 'inputs.smoke': '中庭烟感', 'climate.t': '中庭温度', siren: '声光警报器' })[id],
    step: (id) => ({ tell: '立即通知值班负责人' })[id],
    incident: (id) => ({ i1_abcd: '火灾 · 中庭' })[id],
    inWords: true,
  };
  const english: BecauseNames = {
    point: (id) => ({ 'inputs.smoke': 'Smoke detector', 'climate.t': 'Hall, warmth', siren: 'Siren' })[id],
    step: (id) => ({ tell: 'Tell the duty lead' })[id],
    incident: (id) => ({ i1_abcd: 'Fire · Atrium' })[id],
    inWords: true,
  };

  test.each([
    [
      'inputs.smoke && climate.t >= 57.0 (inputs.smoke = true, climate.t = 63.2)',
      '中庭烟感 并且 中庭温度 不低于 57（中庭烟感：动作，中庭温度：63.2）',
      'Smoke detector and Hall, warmth at least 57 (Smoke detector: active, Hall, warmth: 63.2)',
    ],
    [
      '!inputs.smoke || climate.t == 10.5 (inputs.smoke = false, climate.t = unknown)',
      '非 中庭烟感 或 中庭温度 等于 10.5（中庭烟感：未动作，中庭温度：未知）',
      'not Smoke detector or Hall, warmth is 10.5 (Smoke detector: not active, Hall, warmth: unknown)',
    ],
    [
      'step tell is not done in its time',
      '步骤“立即通知值班负责人”超时未完成',
      'step “Tell the duty lead” is not done in its time',
    ],
    ['step gone is done', '步骤 gone 已完成', 'step gone is done'],
    [
      'step tell done by itself: siren reads back on',
      '步骤“立即通知值班负责人”自动完成：声光警报器回读为开',
      'step “Tell the duty lead” done by itself: Siren reads back on',
    ],
    ['atrium_confirmed, incident i1_abcd', '事件“火灾 · 中庭”', 'incident “Fire · Atrium”'],
    ['drill of atrium_confirmed, incident i2_abcd', '演练，事件 i2', 'drill, incident i2'],
    ['tells, incident i1_abcd', '现场提示，事件“火灾 · 中庭”', 'tells, incident “Fire · Atrium”'],
    [
      'held off by interlock gas: inputs.smoke active; wanted on: set by lina',
      '联锁保持关：中庭烟感动作；原应开：lina 手动设定',
      'held off by interlock: Smoke detector active; wanted on: set by lina',
    ],
  ])('in words: %s', (reason, chinese, other) => {
    expect(becauseIn(reason, 'zh', known)).toBe(chinese);
    expect(becauseIn(reason, 'en', english)).toBe(other);
  });

  it('is what it was where nobody knows its shape', () => {
    for (const text of [
      '',
      'HTTP 500',
      '应急灯：检查，2026-12-01 前完成',
      'door: ajar',
      'constructor active by',
    ])
      expect(becauseIn(text, 'zh')).toBe(text);
  });

  it('is found soon, however long and however odd the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(typeof becauseIn(text, 'zh')).toBe('string');
      }),
    );
    const begunMs = performance.now();
    for (const piece of [
      'held on by interlock a: ',
      'shelved for 1h: a by b: ',
      '; wanted on: ',
      ' = 1, ',
      ', 1 times',
    ])
      becauseIn(piece.repeat(2000 / piece.length), 'zh');
    expect(performance.now() - begunMs).toBeLessThan(1000);
  });

  it('is there for everything that random histories give as a reason', () => {
    const given = new Set<string>();
    for (const timeline of fc.sample(timelines, { seed: 20_261_124, numRuns: 25 }))
      watch(timeline, 3, {
        after({ durable }) {
          for (const { because } of Object.values(durable.outputs)) given.add(because);
          for (const { signals, told = [] } of Object.values(durable.incidents)) {
            for (const { because } of signals) given.add(because);
            for (const { because, deliveries } of told)
              for (const each of [because, ...deliveries.map((delivery) => delivery.because ?? '')])
                given.add(each);
          }
        },
      });
    // (the last two are what the histories themselves give with a delivery)
    for (const none of ['', 'delivered', 'failed']) given.delete(none);
    expect(given.size).toBeGreaterThan(20);
    const english = [...given].filter((because) => !/\p{Script=Han}/u.test(becauseIn(because, 'zh')));
    expect(english).toEqual([]);
  });
});

test.each([
  ['119', '拨打 119 报警', 'said'],
  ['119', '报警', 'added'],
  ['119', '拨打 1190', 'added'],
  ['+86 571 8888 8888', '联系物业', 'added'],
  ['landlord', '联系 landlord', 'missing'],
  ['24h_line', '', 'missing'],
  ['', '', 'missing'],
])('the number %j beside %j is %s', (call, text, expected) => {
  expect(callBeside(call, text)).toBe(expected);
});
