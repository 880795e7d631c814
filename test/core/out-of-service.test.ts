// What is out of service is shown as an incident for as long as it is, because nothing guards there.

import { describe, it } from 'vitest';
import { scenario } from '../support/scenario.ts';
import { active, contact, makeSite, person, plan, rule, rung, telling } from '../support/site.ts';

const site = makeSite({
  points: [contact('io.a', { zone: 'hall' }), contact('io.b')],
  rules: [rule('a', active('io.a'))],
  plans: [
    plan('out-of-service', {
      category: 'supervisory',
      closing: 'itself',
      notify: [rung('control'), rung('manager', { after: 8 * 3_600_000, unless: 'returned' })],
    }),
  ],
  telling: telling([person('bob', { roles: ['control'] }), person('cai', { roles: ['manager'] })]),
});
const disabled = (what: object, more: object = {}) =>
  scenario(site).command('disable', { ...what, reason: 'work', ...more });

describe('an incident of what is out of service', () => {
  it.each([
    ['a point', { point: 'io.a' }, 'out-of-service hall point:io.a'],
    ['a device', { device: 'io' }, 'out-of-service device:io'],
    ['a zone', { zone: 'hall' }, 'out-of-service hall zone:hall'],
  ])('%s: opens, is told, and closes when it is enabled', (_name, what, open) => {
    disabled(what)
      .expectOpen([open])
      .at('1s')
      .expectMessages(['bob@app'])
      .deliver('bob')
      .at('20s')
      .command('enable', what)
      .expectOpen([])
      .at('30s')
      .expectMessages(['bob@app']);
  });

  it('closes when its time is over', () => {
    disabled({ point: 'io.a' }, { for: '1h' })
      .at('3599s')
      .expectOpen(['out-of-service hall point:io.a'])
      .at('1h')
      .expectOpen([]);
  });

  it('climbs its ladder when it is forgotten, whatever was acknowledged', () => {
    disabled({ point: 'io.a' })
      .at('1s')
      .deliver('bob')
      .command('ack', { incident: 'disabled:point:io.a' })
      .at('8h')
      .expectTold('disabled:point:io.a', ['control: bob', 'manager: cai']);
  });

  it('is one for each, and stays over a restart', () => {
    const both = ['out-of-service hall point:io.a', 'out-of-service point:io.b'];
    disabled({ point: 'io.a' })
      .command('disable', { point: 'io.b', reason: 'work' })
      .command('disable', { point: 'io.a', reason: 'more work' })
      .expectOpen(both)
      .restart('1h')
      .expectOpen(both)
      .command('enable', { point: 'io.a' })
      .expectOpen([both[1]!]);
  });

  it('goes with what a reload takes away', () => {
    disabled({ point: 'io.b' })
      .reload({ ...site, points: site.points.slice(0, 1) })
      .expectOpen([]);
  });

  it('cannot be closed while it is out of service', () => {
    disabled({ point: 'io.a' })
      .command('ack', { incident: 'disabled:point:io.a' })
      .command('close', { incident: 'disabled:point:io.a' })
      .expectReply({ ok: false, code: 'refused' });
  });
});
