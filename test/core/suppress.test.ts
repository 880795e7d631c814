// Suppressed by design: a rule does not open while its `suppress` holds; what is open stays, and what nobody knows
// suppresses nothing.

import { describe, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { contact, makeSite, measure, plan, rule } from '../support/site.ts';

const site = makeSite({
  points: [measure('freezer.temperature'), contact('freezer.defrost')],
  plans: [plan('warm', { closing: 'itself' })],
  rules: [
    rule('freezer_warm', 'freezer.temperature > -15.0', {
      plan: 'warm',
      forMs: 60_000,
      suppress: { active: 'freezer.defrost' },
    }),
  ],
});

describe('while a rule is suppressed', () => {
  it('it does not open, and begins its wait anew when that is over', () => {
    scenario(site)
      .reading({ 'freezer.temperature': -5, 'freezer.defrost': true })
      .at('10m')
      .expectOpen([])
      .reading({ 'freezer.defrost': false })
      .after('59s')
      .expectOpen([])
      .after('1s')
      .expectOpen(['warm']);
  });

  it('its running wait is dropped', () => {
    scenario(site)
      .reading({ 'freezer.temperature': -5, 'freezer.defrost': false })
      .at('59s')
      .reading({ 'freezer.defrost': true })
      .at('10m')
      .expectOpen([])
      .reading({ 'freezer.defrost': false, 'freezer.temperature': -18 })
      .at('1h')
      .expectOpen([]);
  });

  it('what is open stays open, and returns as ever', () => {
    scenario(site)
      .reading({ 'freezer.temperature': -5, 'freezer.defrost': false })
      .at('1m')
      .expectOpen(['warm'])
      .reading({ 'freezer.defrost': true })
      .expectOpen(['warm'])
      .reading({ 'freezer.temperature': -18 })
      .expectOpen([]);
  });

  it('by what nobody knows it is not', () => {
    scenario(site).reading({ 'freezer.temperature': -5 }).at('1m').expectOpen(['warm']);
    scenario(site)
      .reading({ 'freezer.temperature': -5, 'freezer.defrost': null })
      .at('1m')
      .expectOpen(['warm', 'gateway-trouble device:freezer'].reverse());
  });

  it('by a CEL expression too, and still after a restart', () => {
    const rules = [{ ...site.rules[0]!, suppress: { cel: 'freezer.defrost' } }];
    scenario({ ...site, rules })
      .reading({ 'freezer.temperature': -5, 'freezer.defrost': true })
      .restart('10s')
      .reading({ 'freezer.temperature': -5, 'freezer.defrost': true })
      .after('10m')
      .expectOpen([]);
  });

  it('a latched rule does not start again', () => {
    const rules = [{ ...site.rules[0]!, latch: true, forMs: 0 }];
    scenario({ ...site, rules })
      .reading({ 'freezer.temperature': -5, 'freezer.defrost': false })
      .reading({ 'freezer.temperature': -18 })
      .reading({ 'freezer.defrost': true })
      .reading({ 'freezer.temperature': -5 })
      .command('reset', { incident: 'warm' })
      .expectOpen([]);
  });
});
