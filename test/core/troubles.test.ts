// Trouble with the equipment: one cause is one incident. A lost bus inhibits the troubles of its devices, a lost
// device those of its points, and all devices of a bus silent at once is one trouble of the bus.

import { describe, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, measure, output, rule } from '../support/site.ts';

const site = makeSite({
  buses: [{ id: 'line1' }, { id: 'lan1' }],
  devices: [
    { id: 'meter', bus: 'line1', zone: 'plant' },
    { id: 'gas', bus: 'line1' },
    { id: 'io', bus: 'lan1' },
  ],
  points: [
    measure('meter.volts'),
    measure('meter.amps', { zone: 'atrium' }),
    measure('gas.ppm'),
    contact('io.smoke'),
  ],
  rules: [rule('smoke', active('io.smoke'))],
  outputs: [output('siren', { bus: 'lan1' })],
});

const opened = (subject: string) => `incident.opened gateway-trouble ${subject}`;
const ended = (subject: string) => [
  `incident.returned gateway-trouble ${subject}`,
  `incident.closed gateway-trouble ${subject}`,
];
const running = () =>
  scenario(site).reading({ 'meter.volts': 230, 'meter.amps': 1, 'gas.ppm': 0, 'io.smoke': false });

describe('links', () => {
  it('a lost device is one trouble in its zone, and ends when it answers', () => {
    running()
      .lost('device:meter')
      .expectPoints({ 'meter.volts': 'stale', 'meter.amps': 'stale', 'gas.ppm': 0 })
      .expectEvents([opened('plant device:meter')])
      .expectIncident('device:meter', {
        category: 'trouble',
        level: 'general',
        zone: 'plant',
        title: { zh: '设备无应答 · meter', en: 'Device does not answer · meter' },
      })
      .after('1h')
      .expectEvents([])
      .found('device:meter')
      .expectEvents(ended('plant device:meter'));
  });

  it('a lost bus is one trouble, whatever was said of its devices', () => {
    running()
      .lost('bus:line1')
      .expectPoints({ 'meter.volts': 'stale', 'gas.ppm': 'stale', 'io.smoke': false })
      .lost('device:meter')
      .lost('device:gas')
      .after('1h')
      .expectEvents([opened('bus:line1')]);
  });

  it('a bus that is lost after its device takes the trouble of the device over', () => {
    running()
      .lost('device:meter')
      .expectEvents([opened('plant device:meter')])
      .lost('bus:line1')
      .expectEvents([opened('bus:line1'), ...ended('plant device:meter')]);
  });

  it('when the bus is back its devices are unknown until they are asked: no trouble of theirs', () => {
    running()
      .lost('bus:line1')
      .lost('device:meter')
      .expectEvents([opened('bus:line1')])
      .found('bus:line1')
      .expectEvents(ended('bus:line1'))
      .lost('device:meter')
      .expectEvents([opened('plant device:meter')]);
  });

  it('points of a bus that is back wait for the first answer of their device, not for the bus', () => {
    running()
      .lost('bus:line1')
      .expectEvents([opened('bus:line1')])
      .found('bus:line1')
      .expectEvents(ended('bus:line1'))
      // a slow line: the meter is asked after 8 s only
      .after('8s')
      .found('device:meter')
      .reading({ 'meter.volts': 230, 'meter.amps': 1 })
      .after('8s')
      .expectEvents([])
      .found('device:gas')
      // some of its registers may rest for a late answer
      .after('14s')
      .expectEvents([])
      .after('1s')
      .expectEvents([opened('device:gas')]);
  });

  it('a device that says nothing after its bus is back does not pass for a quiet one', () => {
    running()
      .lost('bus:lan1')
      .found('bus:lan1')
      .expectEvents([opened('bus:lan1'), ...ended('bus:lan1')])
      .after('32s')
      .expectEvents([])
      .after('1s')
      .expectEvents([opened('device:io')]);
  });

  it('all devices of a bus silent is one trouble of the bus', () => {
    running()
      .lost('device:meter')
      .lost('device:gas')
      .expectEvents([opened('plant device:meter'), opened('bus:line1'), ...ended('plant device:meter')])
      .expectIncident('bus:line1', {
        title: { zh: '总线上设备全部无应答 · line1', en: 'No device on the bus answers · line1' },
      });
  });

  it('and when one answers again, the others are troubles of their own', () => {
    running()
      .lost('device:meter')
      .lost('device:gas')
      .expectOpen(['gateway-trouble bus:line1'])
      .found('device:gas')
      .expectOpen(['gateway-trouble plant device:meter'])
      .found('device:meter')
      .expectOpen([]);
  });

  it('the only device of a bus is a trouble of the device', () => {
    running()
      .lost('device:io')
      .expectEvents([opened('device:io')]);
  });

  it('the same loss said again costs nothing', () => {
    running().lost('device:meter').lost('device:meter').expectNothing();
  });

  it('a loss neither opens nor clears an alarm', () => {
    running()
      .reading({ 'io.smoke': true })
      .expectEvents(['incident.opened fire'])
      .lost('bus:lan1')
      .after('1h')
      .found('bus:lan1')
      .expectIncident('fire', { active: true })
      .expectOpen(['fire']);
  });
});

describe('points', () => {
  it('without a value for 3 s, on a living device, are a trouble', () => {
    running()
      .reading({ 'meter.volts': null })
      .after('2999ms')
      .expectEvents([])
      .after('1ms')
      .expectEvents([opened('plant device:meter')])
      .expectIncident('device:meter', {
        cause: { rule: 'point_bad', point: 'meter.volts', subject: 'device:meter', value: null },
      })
      .reading({ 'meter.volts': 231 })
      .expectEvents(ended('plant device:meter'));
  });

  it('a moment without a value is none', () => {
    running()
      .reading({ 'meter.volts': null })
      .after('2999ms')
      .reading({ 'meter.volts': 230 })
      .after('1h')
      .expectEvents([]);
  });

  it('points of one device join', () => {
    running()
      .reading({ 'meter.volts': null, 'meter.amps': null })
      .after('3s')
      .expectEvents([opened('atrium device:meter'), 'incident.signal gateway-trouble atrium device:meter'])
      .reading({ 'meter.volts': 230 })
      .expectEvents([])
      .reading({ 'meter.amps': 1 })
      .expectEvents(ended('atrium device:meter'));
  });

  it('of a lost device are none, and those that were end with it', () => {
    running()
      .reading({ 'meter.volts': null })
      .after('3s')
      .expectEvents([opened('plant device:meter')])
      .lost('device:meter')
      .expectEvents(['incident.signal gateway-trouble plant device:meter'])
      .found('device:meter')
      .expectEvents(ended('plant device:meter'));
  });

  it('that are still unknown 15 s after their device is back are troubles', () => {
    running()
      .lost('device:io')
      .expectEvents([opened('device:io')])
      .found('device:io')
      .expectEvents(ended('device:io'))
      .after('14999ms')
      .expectEvents([])
      .after('1ms')
      .expectEvents([opened('device:io')])
      .reading({ 'io.smoke': false })
      .expectEvents(ended('device:io'));
  });
});

describe('out of service', () => {
  it('a disabled device has no trouble, and shows it when it is back in service', () => {
    running()
      .command('disable', { device: 'meter', reason: 'calibration' })
      .lost('device:meter')
      .after('1h')
      .expectEvents([])
      .command('enable', { device: 'meter' })
      .expectEvents([opened('plant device:meter')]);
  });

  it('disabling ends the trouble that was', () => {
    running()
      .lost('device:meter')
      .expectEvents([opened('plant device:meter')])
      .command('disable', { zone: 'plant', reason: 'work' })
      .expectEvents(ended('plant device:meter'));
  });

  it('a disabled device does not count when all of a bus are silent', () => {
    running()
      .command('disable', { device: 'meter', reason: 'calibration' })
      .lost('device:meter')
      .lost('device:gas')
      .expectEvents([opened('device:gas')]);
  });

  it('a disabled point has no trouble', () => {
    running()
      .command('disable', { point: 'meter.volts', reason: 'calibration' })
      .reading({ 'meter.volts': null })
      .after('1h')
      .expectEvents([])
      .command('enable', { point: 'meter.volts' })
      .after('3s')
      .expectEvents([opened('plant device:meter')]);
  });
});

describe('outputs and health', () => {
  const broken = { type: 'output', output: 'siren', actual: null, fault: 'no answer' } as const;
  const works = { type: 'output', output: 'siren', actual: false } as const;

  it('an output that does not follow is a trouble until it does', () => {
    running()
      .give(broken)
      .expectEvents([opened('output:siren')])
      .give(broken)
      .expectNothing()
      .give(works)
      .expectEvents(ended('output:siren'));
  });

  it('of a lost bus is none; the trouble that was ends with it', () => {
    running()
      .lost('bus:lan1')
      .expectEvents([opened('bus:lan1')])
      .give(broken)
      .expectEvents([]);
    running()
      .give(broken)
      .expectEvents([opened('output:siren')])
      .lost('bus:lan1')
      .expectEvents([opened('bus:lan1'), ...ended('output:siren')]);
  });

  it('that is still broken when its bus is back is told then', () => {
    running()
      .lost('bus:lan1')
      .give(broken)
      .found('bus:lan1')
      .expectEvents([opened('bus:lan1'), ...ended('bus:lan1')])
      .give(broken)
      .expectEvents([opened('output:siren')]);
  });

  it('the health of the daemon itself', () => {
    running()
      .health('storage', false)
      .expectEvents([opened('health:storage')])
      .health('storage', false)
      .expectNothing()
      .health('storage', true)
      .expectEvents(ended('health:storage'))
      .health('moon', false)
      .expectIncident('health:moon', { title: { zh: '网关自身故障', en: 'Gateway trouble' } });
  });
});
