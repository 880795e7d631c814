// A site's own plan file: a plan of the declared shape or faults with words, never an error; and with the shipped
// ladders put in it is one that the engine takes.

import path from 'node:path';
import { faultList } from '../../../src/config/faults.ts';
import { loadLadders, withLadders } from '../../../src/config/ladders.ts';
import { loadPlan } from '../../../src/config/plans.ts';
import { createState, step } from '../../../src/core/engine.ts';
import { compile } from '../../../src/core/model.ts';
import { shippedConfig } from '../../../src/lib/assets.ts';
import { contact, makeSite, rule } from '../../support/site.ts';
import { must, outline, type Target, textOf } from '../target.ts';
import { soundFaults } from './faults.ts';
import { scratch } from './scratch.ts';
import { shippedFile } from './shipped.ts';

const place = scratch();
const ladders = loadLadders(path.join(shippedConfig, 'ladders.yaml'), faultList('ladders.yaml'));
const at = { steadyMs: 1, wallMs: Date.UTC(2026, 10, 22), clock: 'synced' } as const;

export const plan: Target = {
  name: 'plan',
  what: 'plan files: a plan that the engine runs, or faults with a place and words; never an error',
  seeds: [
    shippedFile('plans', 'fire.yaml').slice(0, 1500),
    shippedFile('plans', 'walk-test.yaml'),
    shippedFile('plans', 'lost-property.yaml'),
    'id: fire\ntitle: Fire\ncategory: alarm\nlevel: urgent\nclosing: person\nnotify: [{ to: guard, after: 2m }]\n',
  ],
  words: [
    'steps:\n',
    'notify:\n',
    'within: 5m',
    'after: ',
    'unless: acknowledged',
    '{ to: ',
    'ladder: ',
    'rises:\n',
    'keep:\n',
    'level: urgent',
    'required: true',
    'automatic: on',
    '{ workday: 1m, night: 30s }',
    'zh: ',
    'en: ',
  ],
  largestBytes: 1600,
  slowestMs: 400,
  executions: 50_000,
  open: place.open,
  run(bytes) {
    const text = textOf(bytes);
    const file = place.write('fire.yaml', bytes);
    const faults = faultList(file);
    const draft = loadPlan(file, faults);
    const kinds = soundFaults(faults.sorted(), file, text);
    must(draft !== undefined || faults.broken(), 'no plan, and no fault');
    if (draft === undefined || faults.broken()) return kinds;
    const { plan: whole, problems } = withLadders(draft, ladders);
    if (problems.length > 0) return `${kinds} ladders`;
    const site = makeSite({
      points: [contact('a.b')],
      rules: [rule('r', { active: 'a.b' }, { plan: whole.id })],
      plans: [whole],
    });
    const model = compile(site);
    const state = createState(model, 'abcd1234');
    step(state, { type: 'started', at, because: 'test' }, model);
    const effects = step(
      state,
      { type: 'reading', at: { ...at, steadyMs: 2 }, values: [['a.b', true]] },
      model,
    );
    must(effects.incidents.size >= 1, 'the plan opens no incident');
    return `${kinds} ${outline(whole, 2)}`;
  },
};
