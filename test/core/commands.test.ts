// What people may do to incidents and to what is in service, verb by verb, and in which order a closing demands
// what it demands. The refusals are in a file of their own.

import { describe, expect, it } from 'vitest';
import { burning, over, site } from '../support/premises.ts';
import { scenario } from '../support/scenario.ts';

describe('raise', () => {
  it('opens an incident and says which', () => {
    const run = scenario(site).command('raise', {
      plan: 'theft',
      zone: 'atrium',
      level: 'urgent',
      note: 'seen on camera',
    });
    run
      .expectReply({ ok: true, code: 'ok', incident: run.incident('theft|atrium').id })
      .expectIncident('theft|atrium', {
        level: 'urgent',
        state: 'unacknowledged',
        active: true,
        cause: { rule: 'by_hand', value: null },
      })
      .expectEvents(['incident.opened theft atrium']);
    expect(run.events.at(-1)).toMatchObject({ by: 'li', because: 'raised by li: seen on camera' });
  });

  it('a second one by hand is another incident; what a sensor told of is the same', () => {
    scenario(site)
      .command('raise', { plan: 'theft' })
      .command('raise', { plan: 'theft' })
      .expectEvents(['incident.opened theft', 'incident.opened theft'])
      .expectOpen(['theft', 'theft']);
    burning()
      .command('raise', { plan: 'fire', zone: 'atrium' })
      .expectEvents(['incident.opened fire atrium', 'incident.signal fire atrium']);
  });

  it('a sensor joins what a person raised', () => {
    scenario(site)
      .command('raise', { plan: 'fire', zone: 'atrium' })
      .reading({ 'io.smoke': true })
      .expectEvents(['incident.opened fire atrium', 'incident.signal fire atrium']);
  });

  it('stays until reset or closed', () => {
    scenario(site)
      .command('raise', { plan: 'theft' })
      .command('reset', { incident: 'theft' })
      .expectReply({ ok: true })
      .expectEvents(['incident.opened theft', 'incident.note theft', 'incident.returned theft'])
      .command('ack', { incident: 'theft' })
      .command('close', { incident: 'theft', verdict: 'real' })
      .expectReply({ ok: true })
      .expectOpen([]);
    scenario(site)
      .command('raise', { plan: 'theft' })
      .command('ack', { incident: 'theft' })
      .command('close', { incident: 'theft', verdict: 'test' })
      .expectReply({ ok: true })
      .expectEvents(['incident.opened theft', 'incident.acknowledged theft', 'incident.closed theft']);
  });
});

describe('acknowledge, silence, note, level, step', () => {
  it('ack is recorded with who and when, and a second one changes nothing', () => {
    burning()
      .at('5s')
      .command('ack', { incident: 'fire|atrium', note: 'on my way' })
      .expectReply({ ok: true, code: 'ok' })
      .expectIncident('fire|atrium', {
        state: 'acknowledged',
        acknowledgedBy: 'li',
        acknowledgedAt: '2026-11-22T01:00:05.000Z',
      })
      .command('ack', { incident: 'fire|atrium', by: 'wang' })
      .expectReply({ ok: true, message: expect.stringContaining('already acknowledged by li') })
      .expectEvents(['incident.opened fire atrium', 'incident.acknowledged fire atrium']);
  });

  it('an incident may be named by its number alone', () => {
    burning().command('ack', { incident: 'i1' }).expectReply({ ok: true, incident: 'i1_abcd' });
  });

  it('silence takes one, or all', () => {
    burning()
      .reading({ 'io.latched': true })
      .command('silence', { incident: 'robbery' })
      .expectIncident('robbery', { silenced: true })
      .expectIncident('fire|atrium', { silenced: false })
      .command('silence')
      .expectReply({ ok: true })
      .expectIncident('fire|atrium', { silenced: true })
      .expectEvents([
        'incident.opened fire atrium',
        'incident.opened robbery',
        'incident.note robbery',
        'incident.note fire atrium',
      ])
      .command('silence')
      .expectReply({ ok: true })
      .expectEvents([]);
  });

  it('a note is an event with its text', () => {
    const run = burning()
      .command('note', { incident: 'fire|atrium', text: 'smell of toast' })
      .expectReply({ ok: true });
    expect(run.events.at(-1)).toMatchObject({ type: 'incident.note', note: 'smell of toast', by: 'li' });
  });

  it('a level is raised, not lowered', () => {
    burning()
      .command('level', { incident: 'fire|atrium', level: 'urgent' })
      .expectReply({ ok: true })
      .expectIncident('fire|atrium', { level: 'urgent' })
      .command('level', { incident: 'fire|atrium', level: 'urgent' })
      .expectReply({ ok: true })
      .expectEvents(['incident.opened fire atrium', 'incident.escalated fire atrium'])
      .command('level', { incident: 'fire|atrium', level: 'general' })
      .expectReply({ ok: false, code: 'refused' });
  });

  it('a step is done once', () => {
    burning()
      .command('step', { incident: 'fire|atrium', step: 'call', note: '119' })
      .expectReply({ ok: true })
      .command('step', { incident: 'fire|atrium', step: 'call', by: 'wang' })
      .expectReply({ ok: true, message: expect.stringContaining('already done by li') })
      .expectIncident('fire|atrium', {
        steps: [
          {
            id: 'call',
            text: { zh: '报警', en: 'Call' },
            role: 'manager',
            required: true,
            doneBy: 'li',
            doneAt: '2026-11-22T01:00:00.000Z',
            note: '119',
          },
          { id: 'look', text: { zh: 'Look', en: 'Look' }, required: false },
        ],
      })
      .expectEvents(['incident.opened fire atrium', 'incident.step fire atrium']);
  });
});

describe('close', () => {
  it('wants in this order: a verdict, an acknowledgement, quiet, the required steps, and what the plan demands', () => {
    burning()
      .command('close', { incident: 'fire|atrium' })
      .expectReply({ ok: false, code: 'badRequest', message: expect.stringContaining('verdict') })
      .command('close', { incident: 'fire|atrium', verdict: 'real' })
      .expectReply({ ok: false, code: 'refused', message: expect.stringContaining('not acknowledged') })
      .command('ack', { incident: 'fire|atrium' })
      .command('close', { incident: 'fire|atrium', verdict: 'real' })
      .expectReply({ ok: false, code: 'refused', message: 'still active: io.smoke' })
      .reading({ 'io.smoke': false })
      .command('close', { incident: 'fire|atrium', verdict: 'real' })
      .expectReply({ ok: false, code: 'refused', message: 'steps that must be done first: call' })
      .command('step', { incident: 'fire|atrium', step: 'call' })
      .command('close', { incident: 'fire|atrium', verdict: 'real', losses: 'none' })
      .expectReply({ ok: true })
      .expectOpen([]);
  });

  it('demands what the plan demands', () => {
    const run = scenario(site)
      .reading({ 'io.flood': true })
      .reading({ 'io.flood': false })
      .command('ack', { incident: 'water-leak' });
    run
      .command('close', { incident: 'water-leak', verdict: 'real', cause: 'pipe' })
      .expectReply({ ok: false, code: 'badRequest', message: expect.stringContaining('remedy') })
      .command('close', { incident: 'water-leak', verdict: 'real', cause: 'pipe', remedy: 'valve shut' })
      .expectReply({ ok: true });
    expect(run.events.at(-1)!.incident).toMatchObject({
      state: 'closed',
      verdict: 'real',
      closingCause: 'pipe',
      remedy: 'valve shut',
      closedBy: 'li',
    });
  });

  it('of what is latched is refused until it is reset', () => {
    scenario(site)
      .reading({ 'io.latched': true })
      .command('ack', { incident: 'robbery' })
      .reading({ 'io.latched': false })
      .command('close', { incident: 'robbery', verdict: 'real' })
      .expectReply({ ok: false, code: 'refused', message: 'latched, reset it first: io.latched' })
      .command('reset', { incident: 'robbery' })
      .command('close', { incident: 'robbery', verdict: 'real' })
      .expectReply({ ok: true });
  });
});

describe('reset', () => {
  it('is refused while active, and has nothing to do after', () => {
    burning()
      .command('reset', { incident: 'fire|atrium' })
      .expectReply({ ok: false, code: 'refused', message: 'still active' });
    over()
      .command('reset', { incident: 'fire|atrium' })
      .expectReply({ ok: true, message: expect.stringContaining('nothing to reset') });
  });
});

describe('shelve', () => {
  it('mutes the state for a time, which then ends by itself', () => {
    burning()
      .command('shelve', { incident: 'fire|atrium', for: '10m', reason: 'welding' })
      .expectReply({ ok: true })
      .expectIncident('fire|atrium', { state: 'shelved', active: true })
      .after('10m')
      .expectIncident('fire|atrium', { state: 'unacknowledged' })
      .expectEvents([
        'incident.opened fire atrium',
        'incident.shelved fire atrium',
        'incident.unshelved fire atrium',
      ]);
  });

  it('unshelve ends it early, once', () => {
    burning()
      .command('shelve', { incident: 'fire|atrium', for: '10m', reason: 'welding' })
      .command('unshelve', { incident: 'fire|atrium' })
      .expectReply({ ok: true })
      .expectIncident('fire|atrium', { state: 'unacknowledged' })
      .command('unshelve', { incident: 'fire|atrium' })
      .expectReply({ ok: true, message: expect.stringContaining('not shelved') })
      .after('1h')
      .expectEvents([
        'incident.opened fire atrium',
        'incident.shelved fire atrium',
        'incident.unshelved fire atrium',
      ]);
  });

  it('shelving again counts from then', () => {
    burning()
      .command('shelve', { incident: 'fire|atrium', for: '10m', reason: 'welding' })
      .after('9m')
      .command('shelve', { incident: 'fire|atrium', for: '10m', reason: 'welding on' })
      .after('9m')
      .expectIncident('fire|atrium', { state: 'shelved' })
      .after('1m')
      .expectIncident('fire|atrium', { state: 'unacknowledged' });
  });
});

describe('disable and enable', () => {
  it.each([{ point: 'io.smoke' }, { device: 'io' }, { zone: 'atrium' }])(
    '%j lets its default rules go, and looks again when it is back',
    (what) => {
      burning()
        .expectEvents(['incident.opened fire atrium'])
        .command('disable', { ...what, reason: 'building work' })
        .expectReply({ ok: true })
        .expectEvents(['incident.returned fire atrium'])
        .reading({ 'io.smoke': false })
        .reading({ 'io.smoke': true })
        .expectEvents([])
        .command('enable', what)
        .expectReply({ ok: true })
        .expectEvents(['incident.signal fire atrium']);
    },
  );

  it('for a time: back in service by itself', () => {
    scenario(site)
      .command('disable', { point: 'io.smoke', for: '2h', reason: 'work' })
      .reading({ 'io.smoke': true })
      .after('7199s')
      .expectEvents([])
      .after('1s')
      .expectEvents(['incident.opened fire atrium']);
  });

  it('disabling again without a time takes the time away', () => {
    scenario(site)
      .command('disable', { point: 'io.smoke', for: '1m', reason: 'work' })
      .command('disable', { point: 'io.smoke', reason: 'longer' })
      .reading({ 'io.smoke': true })
      .after('2h')
      .expectEvents([]);
  });

  it('a point in an expression is unknown while out of service: neither opens nor clears', () => {
    scenario(site)
      .command('disable', { point: 'io.flood', reason: 'work' })
      .reading({ 'io.flood': true })
      .expectEvents([])
      .command('enable', { point: 'io.flood' })
      .expectEvents(['incident.opened water-leak'])
      .command('disable', { point: 'io.flood', reason: 'work' })
      .reading({ 'io.flood': false })
      .expectIncident('water-leak', { active: true });
  });

  it('enable of what is in service says so', () => {
    scenario(site)
      .command('enable', { point: 'io.smoke' })
      .expectReply({ ok: true, message: 'io.smoke was not disabled' })
      .expectNothing();
  });
});
