// Lamps and buzzers that tell by themselves that something is open: from which category and level, until when, and
// when they keep still.

import { describe, it } from 'vitest';
import type { Output } from '../../src/core/types.ts';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, output, plan, rule } from '../support/site.ts';

function siteWith(tells: NonNullable<Output['tells']>, more: Partial<Output> = {}) {
  return makeSite({
    points: [contact('io.fire'), contact('io.small'), contact('io.door')],
    plans: [
      plan('fire', { level: 'major' }),
      plan('small', { level: 'general' }),
      plan('door', { category: 'supervisory', level: 'urgent', closing: 'itself' }),
      plan('robbery', { level: 'urgent', silent: true }),
    ],
    rules: [
      rule('fire', active('io.fire'), { plan: 'fire' }),
      rule('small', active('io.small'), { plan: 'small' }),
      rule('door', active('io.door'), { plan: 'door' }),
    ],
    outputs: [output('lamp', { tells, ...more })],
  });
}

const untilClosed = siteWith({ category: 'alarm', level: 'major', until: 'closed' });
const untilAcknowledged = siteWith({ category: 'alarm', level: 'general', until: 'acknowledged' });

describe('a lamp', () => {
  it('is on from its category and level on', () => {
    scenario(untilClosed)
      .expectOutputs({ lamp: false })
      .reading({ 'io.door': true, 'io.small': true })
      .expectOutputs({ lamp: false })
      .reading({ 'io.fire': true })
      .expectOutputs({ lamp: true })
      .expectOutputEvents(['lamp true']);
    scenario(siteWith({ category: 'supervisory', level: 'urgent', until: 'closed' }))
      .reading({ 'io.small': true })
      .expectOutputs({ lamp: true });
    scenario(siteWith({ category: 'supervisory', level: 'urgent', until: 'closed' }))
      .reading({ 'io.door': true })
      .expectOutputs({ lamp: true })
      .reading({ 'io.door': false })
      .expectOutputs({ lamp: false });
  });

  it('comes on when the level rises', () => {
    scenario(untilClosed)
      .reading({ 'io.small': true })
      .expectOutputs({ lamp: false })
      .command('level', { incident: 'small', level: 'major' })
      .expectOutputs({ lamp: true });
    const rising = {
      ...untilClosed,
      plans: [
        plan('small', { level: 'general', rises: [{ level: 'urgent', after: 60_000 }] }),
        ...untilClosed.plans.filter(({ id }) => id !== 'small'),
      ],
    };
    scenario(rising)
      .reading({ 'io.small': true })
      .at('59s')
      .expectOutputs({ lamp: false })
      .at('1m')
      .expectOutputs({ lamp: true });
  });

  it('until closed stays over acknowledgement and return', () => {
    scenario(untilClosed)
      .reading({ 'io.fire': true })
      .command('ack', { incident: 'fire' })
      .reading({ 'io.fire': false })
      .expectOutputs({ lamp: true })
      .command('close', { incident: 'fire', verdict: 'real' })
      .expectOutputs({ lamp: false });
  });

  it('until acknowledged goes out when all are, and comes on again with the next one', () => {
    scenario(untilAcknowledged)
      .reading({ 'io.fire': true, 'io.small': true })
      .command('ack', { incident: 'fire' })
      .expectOutputs({ lamp: true })
      .command('ack', { incident: 'small' })
      .expectOutputs({ lamp: false })
      .reading({ 'io.fire': false })
      .reading({ 'io.fire': true })
      .expectOutputs({ lamp: true })
      .command('silence')
      .expectOutputs({ lamp: false });
  });

  it('tells of no silent plan, and of no drill that may not move outputs', () => {
    scenario(untilClosed).command('raise', { plan: 'robbery' }).expectOutputs({ lamp: false });
    scenario(untilClosed).command('drill', { action: 'start', plan: 'fire' }).expectOutputs({ lamp: false });
    scenario(untilClosed)
      .command('drill', { action: 'start', plan: 'fire', outputs: true })
      .expectOutputs({ lamp: true });
  });

  it('is as it was after a restart, and gives way to a hand', () => {
    scenario(untilClosed)
      .reading({ 'io.fire': true })
      .restart('10s')
      .expectOutputs({ lamp: true })
      .command('output', { output: 'lamp', value: false, for: '1m' })
      .expectOutputs({ lamp: false })
      .after('1m')
      .expectOutputs({ lamp: true });
  });

  it('sounds no longer than its time; what is new has its own', () => {
    const site = siteWith({ category: 'alarm', level: 'general', until: 'closed' }, { maxOnMs: 60_000 });
    const run = scenario(site)
      .reading({ 'io.fire': true })
      .at('59s')
      .expectOutputs({ lamp: true })
      .at('60s')
      .expectOutputs({ lamp: false })
      .at('2m')
      .reading({ 'io.small': true })
      .expectOutputs({ lamp: true })
      .after('30s')
      .command('level', { incident: 'small', level: 'urgent' })
      .after('59s')
      .expectOutputs({ lamp: true })
      .after('1s')
      .expectOutputs({ lamp: false });
    for (const incident of ['fire', 'small']) run.command('ack', { incident });
    run.reading({ 'io.fire': false, 'io.small': false });
    for (const incident of ['fire', 'small']) run.command('close', { incident, verdict: 'real' });
    run.expectOpen([]).reading({ 'io.fire': true }).expectOutputs({ lamp: true });
  });

  it('that is silenceable is silenced with the incident, and on the shelf', () => {
    const site = siteWith({ category: 'alarm', level: 'major', until: 'closed' }, { silenceable: true });
    scenario(site).reading({ 'io.fire': true }).command('silence').expectOutputs({ lamp: false });
    scenario(site)
      .reading({ 'io.fire': true })
      .command('shelve', { incident: 'fire', for: '1h', reason: 'work' })
      .expectOutputs({ lamp: false })
      .at('1h')
      .expectOutputs({ lamp: true });
  });

  it('silenced for one incident tells of the other', () => {
    const site = siteWith({ category: 'alarm', level: 'general', until: 'closed' }, { silenceable: true });
    scenario(site)
      .reading({ 'io.fire': true })
      .command('silence')
      .expectOutputs({ lamp: false })
      .reading({ 'io.small': true })
      .expectOutputs({ lamp: true });
  });
});
