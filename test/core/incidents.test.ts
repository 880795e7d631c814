// The life of an incident: what opens one, what joins it, how it returns and closes, and what the events of it
// carry. The same plan in the same zone is one incident; what comes back after closing is another.

import { describe, expect, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, plan, rule } from '../support/site.ts';

const points = [contact('io.a'), contact('io.b'), contact('io.c')];
const site = makeSite({
  points,
  rules: [
    rule('a', active('io.a'), { zone: 'atrium', level: 'general' }),
    rule('b', active('io.b'), { zone: 'atrium', level: 'urgent' }),
    rule('c', active('io.c'), { zone: 'plant' }),
  ],
});

describe('joining', () => {
  it('the same plan in the same zone joins the open incident; another zone opens another', () => {
    const run = scenario(site)
      .reading({ 'io.a': true })
      .reading({ 'io.b': true })
      .reading({ 'io.c': true })
      .expectEvents([
        'incident.opened fire atrium',
        'incident.signal fire atrium',
        'incident.escalated fire atrium',
        'incident.opened fire plant',
      ]);
    expect(run.incident('fire|atrium').signals.map((signal) => signal.rule)).toEqual(['a', 'b']);
  });

  it('another plan in the same zone opens another', () => {
    scenario(
      makeSite({
        points,
        rules: [
          rule('a', active('io.a'), { zone: 'x' }),
          rule('b', active('io.b'), { zone: 'x', plan: 'gas-leak' }),
        ],
      }),
    )
      .reading({ 'io.a': true, 'io.b': true })
      .expectEvents(['incident.opened fire x', 'incident.opened gas-leak x']);
  });

  it('without a zone they join as well', () => {
    scenario(makeSite({ points, rules: [rule('a', active('io.a')), rule('b', active('io.b'))] }))
      .reading({ 'io.a': true, 'io.b': true })
      .expectEvents(['incident.opened fire', 'incident.signal fire']);
  });

  it('a higher level raises that of the incident, a lower one does not', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .expectIncident('fire|atrium', { level: 'general' })
      .reading({ 'io.b': true })
      .expectIncident('fire|atrium', { level: 'urgent' })
      .reading({ 'io.a': false })
      .reading({ 'io.a': true })
      .expectIncident('fire|atrium', { level: 'urgent' });
  });

  it('returns when the last signal ends', () => {
    scenario(site)
      .reading({ 'io.a': true, 'io.b': true })
      .reading({ 'io.a': false })
      .expectIncident('fire|atrium', { active: true, state: 'unacknowledged' })
      .reading({ 'io.b': false })
      .expectIncident('fire|atrium', { active: false, state: 'returned' })
      .expectEvents([
        'incident.opened fire atrium',
        'incident.signal fire atrium',
        'incident.escalated fire atrium',
        'incident.returned fire atrium',
      ]);
  });

  it('counts a signal that comes again, once each time', () => {
    const run = scenario(site);
    for (let time = 0; time < 5; time += 1) run.reading({ 'io.a': true }).reading({ 'io.a': false });
    expect(run.incident('fire|atrium').signals).toMatchObject([{ rule: 'a', count: 5, active: false }]);
    run.expectIncident('fire|atrium', { signalCount: 1 });
  });
});

describe('coming back', () => {
  it('before closing: it joins, and wants a new acknowledgement', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('ack', { incident: 'fire|atrium' })
      .expectIncident('fire|atrium', { state: 'acknowledged', acknowledged: true, acknowledgedBy: 'li' })
      .reading({ 'io.a': false })
      .expectIncident('fire|atrium', { state: 'returned', acknowledged: true })
      .reading({ 'io.a': true })
      .expectIncident('fire|atrium', { state: 'unacknowledged', acknowledged: false, active: true })
      .expectEvents([
        'incident.opened fire atrium',
        'incident.acknowledged fire atrium',
        'incident.returned fire atrium',
        'incident.signal fire atrium',
      ]);
  });

  it('a further signal while it runs leaves the acknowledgement', () => {
    scenario(site)
      .reading({ 'io.a': true })
      .command('ack', { incident: 'fire|atrium' })
      .reading({ 'io.b': true })
      .expectIncident('fire|atrium', { state: 'acknowledged', acknowledged: true });
  });

  it('after closing: it is a new incident with a new id', () => {
    const run = scenario(site).reading({ 'io.a': true });
    const first = run.incident('fire|atrium').id;
    run
      .reading({ 'io.a': false })
      .command('ack', { incident: first })
      .command('close', { incident: first, verdict: 'false' })
      .expectReply({ ok: true })
      .expectOpen([])
      .reading({ 'io.a': true })
      .expectEvents([
        'incident.opened fire atrium',
        'incident.returned fire atrium',
        'incident.acknowledged fire atrium',
        'incident.closed fire atrium',
        'incident.opened fire atrium',
      ]);
    expect(run.incident('fire|atrium').id).not.toBe(first);
  });

  it('a plan that closes itself closes on return, acknowledged or not', () => {
    scenario(
      makeSite({
        points,
        plans: [plan('p', { closing: 'itself' })],
        rules: [rule('a', active('io.a'), { plan: 'p' })],
      }),
    )
      .reading({ 'io.a': true })
      .reading({ 'io.a': false })
      .expectEvents(['incident.opened p', 'incident.returned p', 'incident.closed p'])
      .expectOpen([]);
  });
});

describe('events', () => {
  it('carry the incident as it stood, whatever became of it', () => {
    const run = scenario(site)
      .reading({ 'io.a': true })
      .reading({ 'io.b': true })
      .reading({ 'io.a': false, 'io.b': false });
    const opened = run.events.find((event) => event.type === 'incident.opened')!;
    expect(opened).toMatchObject({
      v: 1,
      premises: 'store_0042',
      epoch: 'abcd1234',
      clock: 'synced',
      replayed: false,
      drill: false,
      because: 'io.a active',
      at: '2026-11-22T01:00:00.000Z',
      incident: {
        plan: 'fire',
        category: 'alarm',
        level: 'general',
        zone: 'atrium',
        state: 'unacknowledged',
        active: true,
        acknowledged: false,
        title: { zh: 'fire 预案 · 区 atrium', en: 'Plan fire · Zone atrium' },
        cause: { rule: 'a', point: 'io.a', value: true },
        signals: [{ rule: 'a', active: true, count: 1 }],
      },
    });
  });

  it('the effects of a step hold the very same: a later step does not reach into them', () => {
    const run = scenario(site).reading({ 'io.a': true });
    const event = run.effects.events[0]!;
    const before = JSON.stringify(event);
    run.reading({ 'io.b': true }).command('ack', { incident: 'fire|atrium' }).reading({ 'io.a': false });
    expect(JSON.stringify(event)).toBe(before);
  });

  it('have unique ids and numbers that rise by one', () => {
    const run = scenario(site);
    for (let time = 0; time < 20; time += 1) run.reading({ 'io.a': time % 2 === 0, 'io.b': time % 3 === 0 });
    expect(new Set(run.events.map(({ id }) => id)).size).toBe(run.events.length);
    expect(run.events.map(({ seq }) => seq)).toEqual(run.events.map((_, order) => order + 1));
  });
});

describe('a flood', () => {
  const many = 500;
  const flooded = makeSite({
    points: Array.from({ length: many }, (_, at) => contact(`io.p${at}`)),
    rules: Array.from({ length: many }, (_, at) => rule(`r${at}`, active(`io.p${at}`), { zone: 'atrium' })),
  });

  it('of 500 signals joins one incident; events carry the first and the latest nineteen', () => {
    const run = scenario(flooded, { unstarted: true });
    const startedMs = performance.now();
    run.reading(Object.fromEntries(flooded.points.map(({ id }) => [id, true])));
    const tookMs = performance.now() - startedMs;
    expect(run.events.length).toBe(many);
    expect(run.incident('fire|atrium').signals.length).toBe(many);
    run.expectIncident('fire|atrium', { signalCount: many });
    for (const event of run.events) {
      expect(event.incident!.signals.length).toBeLessThanOrEqual(20);
      expect(JSON.stringify(event).length).toBeLessThan(8000);
    }
    const last = run.events.at(-1)!.incident!;
    expect(last.signals.map((signal) => signal.rule)).toEqual([
      'r0',
      ...Array.from({ length: 19 }, (_, at) => `r${many - 19 + at}`),
    ]);
    expect(last.signalCount).toBe(many);
    expect(tookMs, 'a flood takes no more than a blink').toBeLessThan(1000);
  });

  it('of one contact chattering adds a count, not signals', () => {
    const run = scenario(site, { unstarted: true });
    for (let time = 0; time < 300; time += 1)
      run.after('10ms').reading({ 'io.a': true }).after('10ms').reading({ 'io.a': false });
    expect(run.incident('fire|atrium').signals).toMatchObject([{ count: 300 }]);
    expect(Object.keys(run.state.durable.incidents)).toHaveLength(1);
  });
});
