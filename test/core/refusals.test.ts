// Every refusal of a command with its code. That a refused command changed nothing durable is also checked by
// the scenario itself, in whichever test one is refused.

import { describe, expect, it } from 'vitest';
import { burning, site } from '../support/premises.ts';
import { scenario } from '../support/scenario.ts';

const long = 'x'.repeat(2001);

describe('refusals', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['dance', {}, 'unknownVerb'],
    ['toString', {}, 'unknownVerb'],
    ['raise', {}, 'badRequest'],
    ['raise', { plan: 'nonsense' }, 'notFound'],
    ['raise', { plan: 'fire', zone: 'nowhere' }, 'notFound'],
    ['raise', { plan: 'fire', level: 'huge' }, 'badRequest'],
    ['raise', { plan: 'fire', note: long }, 'badRequest'],
    ['raise', { plan: 7 }, 'badRequest'],
    ['ack', {}, 'badRequest'],
    ['ack', { incident: 'i99' }, 'notFound'],
    ['ack', { incident: '__proto__' }, 'notFound'],
    ['ack', { incident: 'fire|atrium', note: 5 }, 'badRequest'],
    ['silence', { incident: 'i99' }, 'notFound'],
    ['silence', { note: '' }, 'badRequest'],
    ['reset', { incident: 'i99' }, 'notFound'],
    ['reset', { incident: 'fire|atrium' }, 'refused'],
    ['close', { incident: 'i99', verdict: 'real' }, 'notFound'],
    ['close', { incident: 'fire|atrium' }, 'badRequest'],
    ['close', { incident: 'fire|atrium', verdict: 'perhaps' }, 'badRequest'],
    ['close', { incident: 'fire|atrium', verdict: 'real', cause: long }, 'badRequest'],
    ['close', { incident: 'fire|atrium', verdict: 'real', note: long }, 'badRequest'],
    ['close', { incident: 'fire|atrium', verdict: 'real' }, 'refused'],
    ['step', { incident: 'fire|atrium' }, 'badRequest'],
    ['step', { incident: 'fire|atrium', step: 'fly' }, 'notFound'],
    ['step', { incident: 'i99', step: 'call' }, 'notFound'],
    ['step', { incident: 'fire|atrium', step: 'call', note: [] }, 'badRequest'],
    ['note', { incident: 'fire|atrium' }, 'badRequest'],
    ['note', { incident: 'i99', text: 'x' }, 'notFound'],
    ['note', { incident: 'fire|atrium', text: '   ' }, 'badRequest'],
    ['level', { incident: 'fire|atrium' }, 'badRequest'],
    ['level', { incident: 'fire|atrium', level: 'huge' }, 'badRequest'],
    ['level', { incident: 'fire|atrium', level: 'general' }, 'refused'],
    ['level', { incident: 'fire|atrium', level: 'urgent', note: long }, 'badRequest'],
    ['level', { incident: 'i99', level: 'urgent' }, 'notFound'],
    ['shelve', { incident: 'i99', for: '1m', reason: 'x' }, 'notFound'],
    ['shelve', { incident: 'fire|atrium', reason: 'x' }, 'badRequest'],
    ['shelve', { incident: 'fire|atrium', for: '0s', reason: 'x' }, 'badRequest'],
    ['shelve', { incident: 'fire|atrium', for: '400d', reason: 'x' }, 'badRequest'],
    ['shelve', { incident: 'fire|atrium', for: 'soon', reason: 'x' }, 'badRequest'],
    ['shelve', { incident: 'fire|atrium', for: '10m' }, 'badRequest'],
    ['shelve', { incident: 'fire|atrium', for: '10m', reason: 'x', note: 1 }, 'badRequest'],
    ['unshelve', { incident: 'i99' }, 'notFound'],
    ['disable', { reason: 'x' }, 'badRequest'],
    ['disable', { point: 'io.smoke' }, 'badRequest'],
    ['disable', { point: 'io.nothing', reason: 'x' }, 'notFound'],
    ['disable', { device: 'nothing', reason: 'x' }, 'notFound'],
    ['disable', { zone: 'nowhere', reason: 'x' }, 'notFound'],
    ['disable', { point: 'io.smoke', reason: 'x', for: '-1m' }, 'badRequest'],
    ['disable', { point: 'io.smoke', reason: 'x', note: long }, 'badRequest'],
    ['enable', {}, 'badRequest'],
    ['enable', { point: 'io.nothing' }, 'notFound'],
    ['output', { value: true, for: '1m' }, 'badRequest'],
    ['output', { output: 'nothing', value: true, for: '1m' }, 'notFound'],
    ['output', { output: 'siren', value: 'loud', for: '1m' }, 'badRequest'],
    ['output', { output: 'siren', for: '1m' }, 'badRequest'],
    ['output', { output: 'siren', value: true }, 'badRequest'],
  ])('%s %j: %s, and nothing has changed', (verb, fields, code) => {
    const run = burning();
    const facts = run.facts.length;
    run.command(verb, fields).expectReply({ ok: false, code }).expectNothing();
    expect(run.facts.length).toBe(facts);
    expect(run.effects.reply!.message.length).toBeGreaterThan(5);
  });

  it('are given in the language of the premises', () => {
    scenario({ ...site, language: 'zh' })
      .command('ack', { incident: 'i99' })
      .expectReply({ ok: false, message: '没有未关闭的事件 i99' });
  });
});
