// What is answered by text message: who is taken for whom, what it acknowledges, how old it may be, how much of it is
// looked at. On a clock of the test's own; the modem has its own tests.

import { describe, expect, it } from 'vitest';
import type { Delivery, Incident } from '../../src/core/types.ts';
import { samePhone } from '../../src/lib/phones.ts';
import { createReplies, type Sender } from '../../src/notify/replies-sms.ts';
import { virtualClock } from '../support/clock.ts';
import { keptLog, type PeopleHouse, peopleHouse, sampleTold } from './people.ts';

const people: readonly Sender[] = [
  { id: 'wang_fang', name: '王芳', language: 'zh', phone: '+86 138 0000 0001' },
  { id: 'smith', name: 'Smith', language: 'en', phone: '13900000002' },
];

function bench(more: Partial<PeopleHouse> = {}, senders = people) {
  const clock = virtualClock(Date.UTC(2026, 10, 22, 2));
  const house = Object.assign(peopleHouse(), more);
  const log = keptLog();
  const answers: { to: string; text: string }[] = [];
  const replies = createReplies({
    clock,
    log,
    host: {
      senders: () => senders,
      openIncidents: house.openIncidents,
      command: house.command,
    },
  });
  const receive = (number: string, text: string, sentAtMs: number | null = clock.wallMs()) =>
    replies.take(
      { number, text, sentAtMs },
      async (answer) => void answers.push({ to: number, text: answer }),
    );
  return { clock, house, log, answers, replies, receive };
}

const minuteMs = 60_000;
const wang = '+8613800000001';
const smith = '+8613900000002';

/** Before any answer here, if it is not said otherwise. */
const early = '2026-11-22T01:02:10.000Z';

function deliveryTo(person: string, more: Partial<Delivery> = {}): Delivery {
  return { message: 'm', channel: 'sms', person, state: 'delivered', at: '', endedAt: early, ...more };
}

function toldOf(id: string, person: string, more: Partial<Incident> = {}): [string, Partial<Incident>] {
  return [id, { told: [sampleTold(1, { deliveries: [deliveryTo(person)] })], ...more }];
}

function add(house: PeopleHouse, ...all: [string, Partial<Incident>][]): void {
  for (const [id, more] of all) house.add(id, {}, more);
}

const acknowledged = (house: PeopleHouse): unknown[] => house.commands.map(({ incident }) => incident);

describe('a number', () => {
  it.each([
    ['+86 138-0000-0001', '8613800000001'],
    ['+8613800000001', '13800000001'],
    ['008613800000001', '138 0000 0001'],
    ['+441632960961', '01632 960961'],
  ])('is the same: %s and %s', (one, other) => expect(samePhone(one, other)).toBe(true));

  it.each([
    ['+8613800000001', '13800000002'],
    ['+8613800000001', '10001'],
    ['10086', '+8610086'],
    ['+8613800000001', '+113800000001'],
    ['13800000001', '3800000001'],
    ['Bank', 'Bank'],
    ['', ''],
  ])('is another: %s and %s', (one, other) => expect(samePhone(one, other)).toBe(false));
});

describe('what is answered', () => {
  it('acknowledges all that this person was told of, and nothing else', async () => {
    const { house, answers, receive } = bench();
    add(
      house,
      toldOf('m1', 'wang_fang'),
      toldOf('m2', 'smith'),
      toldOf('m3', 'wang_fang', { acknowledged: true }),
      toldOf('m4', 'wang_fang'),
    );
    await receive(wang, '确认');
    expect(acknowledged(house)).toEqual(['i1_kdqv', 'i4_kdqv']);
    expect(house.commands.every(({ by, origin, verb }) => `${by} ${origin} ${verb}` === '王芳 sms ack')).toBe(
      true,
    );
    expect(answers).toEqual([{ to: wang, text: '已确认：i1 火灾 · 中庭, i4 火灾 · 中庭' }]);
    await receive(wang, '确认');
    expect(answers[1]?.text).toBe('没有待您确认的事件');
  });

  it('acknowledges those that are named, and says of the others why not', async () => {
    const { house, answers, receive } = bench({
      command: async (command) => {
        house.commands.push(command);
        const ok = command.incident !== 'i2_kdqv';
        return { id: command.id, ok, code: ok ? 'ok' : 'refused', message: ok ? 'done' : 'it is shelved' };
      },
    });
    add(house, toldOf('m1', 'smith'), toldOf('m2', 'smith'));
    await receive(smith, 'ok i1 i2 i99');
    expect(acknowledged(house)).toEqual(['i1_kdqv', 'i2_kdqv']);
    expect(answers[0]?.text).toBe(
      'Acknowledged: i1 Fire · Atrium\ni2 Fire · Atrium: it is shelved\nThere is no open incident i99',
    );
  });

  it('is the same command when the network brings it twice', async () => {
    const { house, receive } = bench();
    add(house, toldOf('m1', 'smith'));
    await receive(smith, 'i1', 1000 + Date.UTC(2026, 10, 22, 2));
    await receive(smith, 'i1', 1000 + Date.UTC(2026, 10, 22, 2));
    await receive(smith, 'i1', 2000 + Date.UTC(2026, 10, 22, 2));
    const [first, second, third] = house.commands.map(({ id }) => id);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('does nothing when it is old', async () => {
    const { clock, house, answers, receive } = bench();
    add(house, toldOf('m1', 'wang_fang'));
    await receive(wang, '1', clock.wallMs() - 61 * minuteMs);
    await receive(wang, 'i1', clock.wallMs() - 61 * minuteMs);
    expect(answers.every(({ text }) => text.includes('太晚'))).toBe(true);
    expect(house.commands).toEqual([]);
  });

  it('means by "all" nothing that was delivered after it was sent, not by a moment', async () => {
    const { clock, house, answers, receive } = bench();
    const sentAtMs = clock.wallMs() - 10 * minuteMs;
    const at = (ms: number) => new Date(sentAtMs + ms).toISOString();
    const deliveries: readonly Delivery[] = [
      deliveryTo('wang_fang', { endedAt: at(0) }),
      deliveryTo('wang_fang', { endedAt: at(1) }),
      // opened long before, and told of late
      deliveryTo('wang_fang', { at: at(-minuteMs), endedAt: at(minuteMs) }),
    ];
    deliveries.forEach((delivery, index) => {
      add(house, [`m${index + 1}`, { told: [sampleTold(1, { deliveries: [delivery] })] }]);
    });
    await receive(wang, '1', sentAtMs);
    expect(acknowledged(house)).toEqual(['i1_kdqv']);
    expect(answers[0]?.text).toBe('已确认：i1 火灾 · 中庭\n您回复之后才通知到您：i2, i3，请再回复编号确认');
    // a number is a number
    await receive(wang, 'i3', sentAtMs);
    expect(acknowledged(house)).toEqual(['i1_kdqv', 'i3_kdqv']);
  });

  it.each<[string, Partial<Delivery>]>([
    ['is under way', { state: 'waiting' }],
    ['failed', { state: 'failed' }],
    ['was held back', { state: 'held' }],
    ['was withdrawn', { state: 'withdrawn' }],
    ['went to somebody else', { person: 'smith' }],
  ])('means by "all" nothing of which the message %s', async (_how, more) => {
    const { house, answers, receive } = bench();
    add(house, ['m1', { told: [sampleTold(1, { deliveries: [deliveryTo('wang_fang', more)] })] }]);
    await receive(wang, '1');
    await receive(wang, '1', null);
    expect(house.commands).toEqual([]);
    expect(answers.map(({ text }) => text)).toEqual(['没有待您确认的事件', '没有待您确认的事件']);
  });

  it('means by "all" nothing that became active again since it was told', async () => {
    const { house, receive } = bench();
    add(house, toldOf('m1', 'wang_fang', { activation: 2 }));
    await receive(wang, '1');
    expect(house.commands).toEqual([]);
  });

  it.each<[string, boolean, (nowMs: number) => number | null]>([
    ['the gateway does not know the time', false, (nowMs) => nowMs - 300 * minuteMs],
    ['the network does not say when it was sent', true, () => null],
    ['the network says that it is still to be sent', true, (nowMs) => nowMs + 480 * minuteMs],
  ])('was sent when it came where %s', async (_why, synced, sentAtMs) => {
    const { clock, house, receive } = bench();
    clock.setSynced(synced);
    add(house, toldOf('m1', 'wang_fang'), [
      'm2',
      { told: [sampleTold(1, { deliveries: [deliveryTo('wang_fang', { state: 'waiting' })] })] },
    ]);
    await receive(wang, '1', sentAtMs(clock.wallMs()));
    expect(acknowledged(house)).toEqual(['i1_kdqv']);
  });

  it('may be a bare number where this person was told of such an incident', async () => {
    const { house, answers, receive } = bench();
    add(house, toldOf('m2', 'wang_fang'), toldOf('m3', 'smith'));
    await receive(wang, '2');
    expect(acknowledged(house)).toEqual(['i2_kdqv']);
    await receive(wang, '3');
    await receive(wang, '4');
    expect(acknowledged(house)).toEqual(['i2_kdqv']);
    expect(answers.slice(1).every(({ text }) => text.includes('看不懂'))).toBe(true);
  });

  it('from a phone that several share is of those who were told', async () => {
    const shared = [
      { id: 'ann', name: 'Ann', language: 'en', phone: '13800000001' },
      { id: 'bob', name: 'Bob', language: 'en', phone: '+86 138-0000-0001' },
      // the phone number and an address on the channel
      { id: 'bob', name: 'Bob', language: 'en', phone: '13800000001' },
    ] as const;
    const { house, answers, receive } = bench({}, shared);
    add(house, toldOf('m1', 'bob'), toldOf('m2', 'ann'), toldOf('m3', 'smith'), [
      'm4',
      { told: [sampleTold(1, { deliveries: [deliveryTo('ann'), deliveryTo('bob')] })] },
    ]);
    await receive(wang, '1');
    await receive(wang, 'i3');
    expect(house.commands.map(({ incident, by }) => `${incident} ${by}`)).toEqual([
      'i1_kdqv Bob',
      'i2_kdqv Ann',
      'i4_kdqv Ann/Bob',
      'i3_kdqv Ann/Bob',
    ]);
    expect(answers).toHaveLength(2);
  });

  it('signs with no longer a name than a command may have', async () => {
    const crowd = Array.from({ length: 20 }, (_, index) => ({
      ...people[0]!,
      id: `p${index}`,
      name: `Somebody ${index}`,
    }));
    const { house, receive } = bench({}, crowd);
    add(house, toldOf('m1', 'smith'));
    await receive(wang, 'i1');
    expect(String(house.commands[0]?.by).length).toBeLessThanOrEqual(64);
  });

  it('is helped with each time, within the limits of answers', async () => {
    const { clock, answers, receive } = bench();
    await receive(wang, '什么意思？');
    await receive(wang, '不确认');
    await receive(smith, 'what?');
    expect(answers).toHaveLength(3);
    expect(answers[0]?.text).toContain('回复 1');
    expect(answers[1]?.text).toBe(answers[0]?.text);
    expect(answers[2]?.text).toContain('Reply 1');
    for (let count = 0; count < 7; count++) await receive(wang, '喂');
    expect(answers.filter(({ to }) => to === wang)).toHaveLength(5);
    await clock.advance(10 * minuteMs);
    await receive(wang, '喂');
    expect(answers.filter(({ to }) => to === wang)).toHaveLength(6);
  });

  it('from a stranger does nothing, and is not answered', async () => {
    const { house, answers, log, replies, receive } = bench();
    add(house, toldOf('m1', 'wang_fang'));
    for (let count = 0; count < 1000; count++) await receive(`+8613700${count}${count}`, '1');
    await receive('10086', '1');
    await receive('CHINAMOBILE', 'i1');
    expect(house.commands).toEqual([]);
    expect(answers).toEqual([]);
    expect(replies.figures().unknown).toBe(1002);
    expect(log.lines).toHaveLength(1);
    // nor do strangers take the place of those who are known
    await receive(wang, '1');
    expect(acknowledged(house)).toEqual(['i1_kdqv']);
  });

  it('is looked at ten times a minute of one person, and answered more rarely', async () => {
    const { clock, house, answers, log, replies, receive } = bench();
    add(house, toldOf('m1', 'wang_fang'), toldOf('m2', 'smith'));
    for (let count = 0; count < 1000; count++) await receive(wang, `i1 i${count + 100}`);
    expect(house.commands).toHaveLength(10);
    expect(replies.figures().leftOut).toBe(990);
    expect(answers).toHaveLength(5);
    expect(log.lines).toHaveLength(1);
    await receive(smith, 'i2');
    expect(house.commands).toHaveLength(11);
    await clock.advance(60_000);
    await receive(wang, 'i1');
    expect(house.commands).toHaveLength(12);
  });

  it('that breaks the house does not break the teller', async () => {
    const { house, log, receive } = bench({
      command: () => Promise.reject(new Error('disk on fire')),
    });
    add(house, toldOf('m1', 'wang_fang'));
    await receive(wang, '1');
    expect(log.lines.join()).toContain('disk on fire');
  });
});
