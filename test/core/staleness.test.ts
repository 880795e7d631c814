// A sensor that says nothing for too long is stale: shown so, counted as unknown, never as normal or alarm.
// And a sensor that says the same again stays fresh and costs nothing.

import { describe, expect, it } from 'vitest';
import { wakeAt } from '../../src/core/engine.ts';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, rule } from '../support/site.ts';

const site = makeSite({
  points: [measure('gas.ppm', { staleAfterMs: 3000, alarmAbove: 100 }), contact('io.button')],
  rules: [
    rule('gas', active('gas.ppm'), { plan: 'gas-leak' }),
    rule('low', 'gas.ppm < 5.0', { plan: 'climate' }),
  ],
});

describe('staleness', () => {
  it('shows a dead sensor as stale, at its time exactly', () => {
    scenario(site)
      .at('1s')
      .reading({ 'gas.ppm': 50 })
      .at('3999ms')
      .expectPoints({ 'gas.ppm': 50 })
      .at('4s')
      .expectPoints({ 'gas.ppm': 'stale' });
  });

  it('unknown never clears an alarm', () => {
    scenario(site)
      .reading({ 'gas.ppm': 150 })
      .expectEvents(['incident.opened gas-leak'])
      .at('1h')
      .expectPoints({ 'gas.ppm': 'stale' })
      .expectIncident('gas-leak', { active: true, state: 'unacknowledged' });
  });

  it('unknown never opens one', () => {
    scenario(site)
      .reading({ 'gas.ppm': 50 })
      .at('4s')
      .expectPoints({ 'gas.ppm': 'stale' })
      .expectEvents([])
      .reading({ 'gas.ppm': 4 })
      .expectEvents(['incident.opened climate']);
  });

  it('is a trouble of the sensor after 3 s more, which ends with the next reading', () => {
    scenario(site)
      .reading({ 'gas.ppm': 50 })
      .at('5999ms')
      .expectEvents([])
      .at('6s')
      .expectEvents(['incident.opened gateway-trouble device:gas'])
      .reading({ 'gas.ppm': 50 })
      .expectEvents([
        'incident.returned gateway-trouble device:gas',
        'incident.closed gateway-trouble device:gas',
      ]);
  });

  it('the same reading again keeps it fresh and costs nothing', () => {
    const run = scenario(site).reading({ 'gas.ppm': 50 });
    const facts = run.facts.length;
    for (let poll = 1; poll <= 100; poll += 1) {
      run.after('2900ms').reading({ 'gas.ppm': 50 }).expectNothing();
    }
    run.expectPoints({ 'gas.ppm': 50 });
    expect(run.facts.length).toBe(facts);
  });

  it('is seen as stale even if it was once refreshed', () => {
    scenario(site)
      .reading({ 'gas.ppm': 50 })
      .at('2s')
      .reading({ 'gas.ppm': 50 })
      .at('4999ms')
      .expectPoints({ 'gas.ppm': 50 })
      .at('5s')
      .expectPoints({ 'gas.ppm': 'stale' });
  });

  it('a sensor that speaks only on events never goes stale, and wakes nobody', () => {
    const run = scenario(site).reading({ 'io.button': false });
    expect(wakeAt(run.state)).toBeUndefined();
    run.at('24h').expectPoints({ 'io.button': false });
  });

  it('a point that was never read is stale from the start, without a word', () => {
    scenario(site).at('1h').expectPoints({ 'gas.ppm': 'stale' }).expectEvents([]);
  });

  it('a bad sensor that falls silent turns from bad to stale, still one trouble', () => {
    scenario(site)
      .reading({ 'gas.ppm': null })
      .at('2s')
      .expectPoints({ 'gas.ppm': 'bad' })
      .at('10s')
      .expectPoints({ 'gas.ppm': 'stale' })
      .expectEvents(['incident.opened gateway-trouble device:gas']);
  });
});
