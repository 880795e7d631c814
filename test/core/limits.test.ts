// Limits with hysteresis: past the alarm limit is active, at or beyond the clearing limit is not, and between
// the two the point stays what it was, over gaps and restarts as well.

import { describe, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, makeSite, measure, rule } from '../support/site.ts';

function limited(limits: Parameters<typeof measure>[1]) {
  return makeSite({
    points: [measure('m.v', limits)],
    rules: [rule('r', active('m.v'), { plan: 'p', latch: false })],
    plans: [
      {
        id: 'p',
        title: 'P',
        category: 'supervisory',
        level: 'general',
        closing: 'itself',
        closingRequires: [],
        silent: false,
        steps: [],
      },
    ],
  });
}

const opened = ['incident.opened p'];
const closed = ['incident.returned p', 'incident.closed p'];

describe('limits', () => {
  it('above: past the limit opens, the limit itself does not; at the clearing limit it clears', () => {
    scenario(limited({ alarmAbove: 2500, clearBelow: 1500 }))
      .reading({ 'm.v': 2500 })
      .expectEvents([])
      .reading({ 'm.v': 2501 })
      .expectEvents(opened)
      .reading({ 'm.v': 2500 })
      .reading({ 'm.v': 1501 })
      .expectEvents([])
      .reading({ 'm.v': 1500 })
      .expectEvents(closed)
      .reading({ 'm.v': 2000 })
      .expectEvents([]);
  });

  it('below: past the limit opens, the limit itself does not; at the clearing limit it clears', () => {
    scenario(limited({ alarmBelow: 176, clearAbove: 198 }))
      .reading({ 'm.v': 176 })
      .expectEvents([])
      .reading({ 'm.v': 175.9 })
      .expectEvents(opened)
      .reading({ 'm.v': 176 })
      .reading({ 'm.v': 197.9 })
      .expectEvents([])
      .reading({ 'm.v': 198 })
      .expectEvents(closed);
  });

  it('without a clearing limit the alarm limit itself clears', () => {
    scenario(limited({ alarmAbove: 10 }))
      .reading({ 'm.v': 10.1 })
      .expectEvents(opened)
      .reading({ 'm.v': 10 })
      .expectEvents(closed);
    scenario(limited({ alarmBelow: 10 }))
      .reading({ 'm.v': 9.9 })
      .expectEvents(opened)
      .reading({ 'm.v': 10 })
      .expectEvents(closed);
  });

  it('both limits: from one straight to the other is one alarm', () => {
    scenario(limited({ alarmAbove: 30, clearBelow: 28, alarmBelow: 10, clearAbove: 12 }))
      .reading({ 'm.v': 31 })
      .expectEvents(opened)
      .reading({ 'm.v': 9 })
      .expectEvents([])
      .reading({ 'm.v': 11 })
      .expectEvents([])
      .reading({ 'm.v': 12 })
      .expectEvents(closed)
      .reading({ 'm.v': 29 })
      .expectEvents([]);
  });

  it('keeps the side over a gap: between the limits it is still what it was', () => {
    scenario(limited({ alarmAbove: 30, clearBelow: 20 }))
      .reading({ 'm.v': 31 })
      .expectEvents(opened)
      .reading({ 'm.v': null })
      .reading({ 'm.v': 25 })
      .expectEvents([])
      .reading({ 'm.v': 20 })
      .expectEvents(closed);
  });

  it('keeps the side over a restart', () => {
    scenario(limited({ alarmAbove: 30, clearBelow: 20 }))
      .reading({ 'm.v': 31 })
      .expectEvents(opened)
      .restart()
      .reading({ 'm.v': 25 })
      .expectEvents([])
      .reading({ 'm.v': 19 })
      .expectEvents(closed);
  });

  it('lets go of a side whose limit a reload took away', () => {
    scenario(limited({ alarmAbove: 30, clearBelow: 20 }))
      .reading({ 'm.v': 31 })
      .expectEvents(opened)
      .reload(limited({ alarmBelow: 10 }))
      .reading({ 'm.v': 25 })
      .expectEvents(closed);
  });

  it('a number without limits is active when it is not zero', () => {
    scenario(limited({}))
      .reading({ 'm.v': 0 })
      .expectEvents([])
      .reading({ 'm.v': 3 })
      .expectEvents(opened)
      .reading({ 'm.v': 0 })
      .expectEvents(closed);
  });
});
