// The premises that tests of commands play on: smoke and water, a latched hold-up button, plans with steps and
// demands, a siren. One contact burns from the start where `burning` is asked for.

import { type Scenario, scenario } from './scenario.ts';
import { active, contact, makeSite, output, plan, rule } from './site.ts';

export const site = makeSite({
  points: [contact('io.smoke'), contact('io.flood'), contact('io.latched')],
  devices: [{ id: 'io', bus: 'line1', zone: 'atrium' }],
  rules: [
    rule('smoke', active('io.smoke'), { zone: 'atrium' }),
    rule('flood', 'io.flood', { plan: 'water-leak' }),
    rule('latched', active('io.latched'), { plan: 'robbery', latch: true }),
  ],
  plans: [
    plan('fire', {
      steps: [
        { id: 'call', text: { zh: '报警', en: 'Call' }, role: 'manager', required: true },
        { id: 'look', text: 'Look', required: false },
      ],
    }),
    plan('water-leak', { closingRequires: ['cause', 'remedy'] }),
    plan('theft', { category: 'alarm' }),
  ],
  outputs: [output('siren')],
});

export const burning = (): Scenario =>
  scenario(site).reading({ 'io.smoke': true, 'io.flood': false, 'io.latched': false });
export const over = (): Scenario =>
  burning().reading({ 'io.smoke': false }).command('ack', { incident: 'fire|atrium' });
