// A contact that chatters is a trouble of its device, told once and ended by a minute of rest. The alarm that it
// stands for is never held back, and a replay that sees fewer changes comes to the same troubles.

import { describe, expect, it } from 'vitest';
import { wakeAt } from '../../src/core/engine.ts';
import { type Scenario, scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, rule } from '../support/site.ts';

const site = makeSite({
  points: [
    contact('io.smoke', { kind: 'smoke' }),
    contact('io.door', { kind: 'equipmentFault' }),
    contact('io.plain'),
    measure('io.ppm', { kind: 'gas' }),
  ],
  rules: [rule('smoke', active('io.smoke'), { zone: 'atrium' })],
});

const opened = 'incident.opened gateway-trouble device:io';
const over = ['incident.returned gateway-trouble device:io', 'incident.closed gateway-trouble device:io'];

/** The point changes so many times, a second apart, from open. */
function changes(run: Scenario, point: string, times: number): Scenario {
  for (let time = 0; time < times; time += 1) run.after('1s').reading({ [point]: time % 2 === 0 });
  return run;
}

describe('a contact that chatters', () => {
  it('is a trouble with the tenth change in a minute, and the alarm was first', () => {
    const run = scenario(site).reading({ 'io.smoke': false });
    const again = ['incident.returned fire atrium', 'incident.signal fire atrium'];
    changes(run, 'io.smoke', 9).expectEvents([
      'incident.opened fire atrium',
      ...again,
      ...again,
      ...again,
      ...again,
    ]);
    run.after('1s').reading({ 'io.smoke': false }).expectEvents(['incident.returned fire atrium', opened]);
    expect(run.incident('device:io').signals).toMatchObject([
      { rule: 'point_chatter', point: 'io.smoke', because: 'io.smoke: contact chatters: 10 changes in 9 s' },
    ]);
  });

  it('ends after a minute of rest, with the count', () => {
    const run = scenario(site).reading({ 'io.door': false });
    changes(run, 'io.door', 12).expectEvents([opened]);
    run.after('59999ms').expectEvents([]).after('1ms').expectEvents(over);
    expect(run.events.at(-1)!.because).toBe('io.door: contact at rest for 60 s, after 12 changes');
    expect(wakeAt(run.state)).toBeUndefined();
    changes(run, 'io.door', 10).expectEvents([opened]);
  });

  it('is not one that changes four times in more than a minute', () => {
    const run = scenario(site).reading({ 'io.door': false });
    for (let time = 0; time < 20; time += 1) run.after('20s').reading({ 'io.door': time % 2 === 0 });
    run.expectEvents([]);
  });

  it('is not a number, nor a contact without a kind', () => {
    const run = scenario(site).reading({ 'io.plain': false, 'io.ppm': 1 });
    for (let time = 0; time < 20; time += 1)
      run.after('1s').reading({ 'io.plain': time % 2 === 0, 'io.ppm': time });
    run.expectEvents([]);
  });

  it('is not one whose device comes and goes', () => {
    const run = scenario(site).reading({ 'io.door': false });
    for (let time = 0; time < 6; time += 1)
      run
        .after('1s')
        .lost('device:io')
        .found('device:io')
        .reading({ 'io.door': time % 2 === 0 });
    expect(run.events.some(({ because }) => because.includes('chatters'))).toBe(false);
  });

  it('that was debounced does not chatter', () => {
    const quiet = makeSite({ points: [contact('io.door', { kind: 'equipmentFault', debounceMs: 2000 })] });
    const run = scenario(quiet).reading({ 'io.door': false }).after('3s');
    changes(run, 'io.door', 20).expectEvents([]);
  });

  it('costs nothing where a reading changes nothing', () => {
    const run = scenario(site).reading({ 'io.door': false });
    changes(run, 'io.door', 5);
    run.reading({ 'io.door': true }).expectNothing();
  });

  it('makes one fact, not one for each change', () => {
    const run = scenario(site).reading({ 'io.door': false });
    const before = run.facts.length;
    changes(run, 'io.door', 30);
    expect(run.facts.length).toBe(before + 1);
    expect(run.facts.at(-1)!.input).toMatchObject({
      type: 'points',
      chatter: [{ point: 'io.door', on: true }],
    });
    run.after('1m');
    expect(run.facts.at(-1)!.input).toMatchObject({
      type: 'tick',
      chatter: [{ point: 'io.door', on: false }],
    });
  });
});

describe('its trouble', () => {
  it('outlives a restart, and ends by a minute of rest from then on', () => {
    const run = scenario(site).reading({ 'io.door': false });
    changes(run, 'io.door', 12).expectEvents([opened]);
    run.restart('1h').expectEvents([]).reading({ 'io.door': false });
    run.after('59s').expectEvents([]).after('1s').expectEvents(over);
  });

  it('goes on where the contact goes on after a restart', () => {
    const run = scenario(site).reading({ 'io.door': false });
    changes(run, 'io.door', 12).restart().reading({ 'io.door': false });
    changes(run, 'io.door', 90).expectEvents([opened]).after('1m').expectEvents(over);
  });

  it('gives way to the loss of the device, and comes again', () => {
    const run = scenario(site).reading({ 'io.door': false });
    changes(run, 'io.door', 10).expectEvents([opened]).lost('device:io');
    expect(run.incident('device:io').signals.filter((one) => one.active)).toMatchObject([
      { rule: 'device_lost' },
    ]);
    run.expectEvents(['incident.signal gateway-trouble device:io']).found('device:io').expectEvents(over);
    changes(run.reading({ 'io.door': false }), 'io.door', 10).expectEvents([opened]);
  });

  it('ends when the point is taken out of service, and comes again', () => {
    const run = scenario(site).reading({ 'io.door': false });
    changes(run, 'io.door', 10).command('disable', { point: 'io.door', reason: 'work' });
    run.expectEvents([opened, ...over]);
    changes(run, 'io.door', 10).expectEvents([]).command('enable', { point: 'io.door' });
    changes(run, 'io.door', 9).expectEvents([]);
    run.after('1s').reading({ 'io.door': false }).expectEvents([opened]);
  });

  it('stays over a reload that leaves the point as it was, and ends with the point', () => {
    const run = scenario(site).reading({ 'io.door': false });
    changes(run, 'io.door', 10).reload(site).expectEvents([opened]);
    run.after('59s').expectEvents([]).after('1s').expectEvents(over);
    changes(run, 'io.door', 10).expectEvents([opened]);
    run.reload(makeSite({ points: [contact('io.smoke', { kind: 'smoke' })] })).expectEvents(over);
  });

  it('is one for each contact, in one incident', () => {
    const run = scenario(site).reading({ 'io.door': false, 'io.smoke': false });
    changes(run, 'io.door', 10);
    changes(run, 'io.smoke', 10);
    expect(run.incident('device:io').signals.map((one) => one.point)).toEqual(['io.door', 'io.smoke']);
    run.after('58s').reading({ 'io.door': true });
    expect(run.incident('device:io').signals.filter((one) => one.active)).toHaveLength(1);
  });
});
