// A new value is believed only after it has stood for the point's debounce: contacts must stand still, noisy
// numbers need only stay away from what is believed.

import { describe, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, rule } from '../support/site.ts';

const site = makeSite({
  points: [
    contact('io.smoke', { debounceMs: 50 }),
    contact('io.door'),
    measure('io.ppm', { debounceMs: 100 }),
  ],
  rules: [rule('smoke', active('io.smoke'), { zone: 'atrium' })],
});

describe('debounce', () => {
  it('believes a contact when it has stood long enough, and not a millisecond sooner', () => {
    scenario(site)
      .at('1s')
      .reading({ 'io.smoke': false })
      .at('2s')
      .reading({ 'io.smoke': true })
      .at('2049ms')
      .expectPoints({ 'io.smoke': false })
      .expectEvents([])
      .at('2050ms')
      .expectPoints({ 'io.smoke': true })
      .expectEvents(['incident.opened fire atrium']);
  });

  it('begins again with every bounce of a contact', () => {
    scenario(site)
      .reading({ 'io.smoke': false })
      .at('1s')
      .reading({ 'io.smoke': true })
      .after('40ms')
      .reading({ 'io.smoke': false })
      .after('5ms')
      .reading({ 'io.smoke': true })
      .after('49ms')
      .expectPoints({ 'io.smoke': false })
      .after('1ms')
      .expectPoints({ 'io.smoke': true })
      .expectEvents(['incident.opened fire atrium']);
  });

  it('does not begin again because the same value was read again', () => {
    scenario(site)
      .reading({ 'io.smoke': true })
      .after('20ms')
      .reading({ 'io.smoke': true })
      .after('20ms')
      .reading({ 'io.smoke': true })
      .after('10ms')
      .expectPoints({ 'io.smoke': true });
  });

  it('forgets a pulse shorter than the debounce', () => {
    scenario(site)
      .reading({ 'io.smoke': false })
      .at('1s')
      .reading({ 'io.smoke': true })
      .after('49ms')
      .reading({ 'io.smoke': false })
      .after('1s')
      .expectPoints({ 'io.smoke': false })
      .expectEvents([]);
  });

  it('lets the first value of all stand out its debounce too', () => {
    scenario(site)
      .reading({ 'io.smoke': true })
      .expectPoints({ 'io.smoke': 'stale' })
      .after('50ms')
      .expectPoints({ 'io.smoke': true })
      .expectEvents(['incident.opened fire atrium']);
  });

  it('takes a point without debounce at once', () => {
    scenario(site).reading({ 'io.door': true }).expectPoints({ 'io.door': true });
  });

  it('believes a noisy number that stays away, with its latest value', () => {
    scenario(site)
      .reading({ 'io.ppm': 10 })
      .after('1s')
      .expectPoints({ 'io.ppm': 10 })
      .reading({ 'io.ppm': 20 })
      .after('60ms')
      .reading({ 'io.ppm': 21 })
      .after('39ms')
      .expectPoints({ 'io.ppm': 10 })
      .after('1ms')
      .expectPoints({ 'io.ppm': 21 });
  });

  it('takes a number that came back to what is believed for a spike', () => {
    scenario(site)
      .reading({ 'io.ppm': 10 })
      .after('1s')
      .reading({ 'io.ppm': 4000 })
      .after('60ms')
      .reading({ 'io.ppm': 10 })
      .after('1s')
      .expectPoints({ 'io.ppm': 10 });
  });

  it('debounces a bad value as well', () => {
    scenario(site)
      .reading({ 'io.smoke': false })
      .after('1s')
      .reading({ 'io.smoke': null })
      .after('49ms')
      .expectPoints({ 'io.smoke': false })
      .after('1ms')
      .expectPoints({ 'io.smoke': 'bad' });
  });

  it('drops a waiting value when the link is lost', () => {
    scenario(site)
      .reading({ 'io.smoke': false })
      .after('1s')
      .reading({ 'io.smoke': true })
      .after('10ms')
      .lost('device:io')
      .after('1s')
      .expectPoints({ 'io.smoke': 'stale' })
      .expectEvents(['incident.opened gateway-trouble device:io']);
  });
});
