// Plan files and ladders: what they become, and each mistake at its place.

import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { preparePlans } from '../../src/config/plans.ts';
import type { Plan } from '../../src/core/types.ts';
import { shippedConfig } from '../../src/lib/assets.ts';
import { folder, smallSite } from './support.ts';

const head = 'id: fire\ntitle: Fire\ncategory: alarm\nlevel: major\n';

function planOf(text: string, more = ''): Plan {
  const site = folder();
  site.write('shipped/plans/fire.yaml', text);
  site.write(
    'shipped/ladders.yaml',
    'chain:\n  - { to: lead, hours: working }\n  - { to: [boss], after: 5m }\n',
  );
  site.write('own.yaml', 'chain: [{ to: guard }]\nnight: [{ to: [guard, lead] }]\n');
  const { config, faults } = site.load(smallSite + more);
  expect(faults).toEqual([]);
  return config!.site.plans.find(({ id }) => id === 'fire')!;
}

test('all that a plan can say', () => {
  expect(
    planOf(`${head}drillEvery: 182d
notify:
  - ladder: chain
  - { to: [boss], after: { workday: 15m, night: 45m }, unless: { step: look }, level: urgent, hours: outside }
rises: [{ level: urgent, after: 30m, unless: returned }]
keeps: [{ id: video, text: Video, for: 30d }]
steps:
  - { id: look, text: Look, role: lead, within: { workday: 1m, holiday: 2m } }
  - { id: call, text: Call, after: look, within: 2m, call: "119", automatic: off, required: true }
`),
  ).toEqual({
    id: 'fire',
    title: 'Fire',
    category: 'alarm',
    level: 'major',
    closing: 'person',
    closingRequires: [],
    silent: false,
    drillEveryMs: 182 * 86_400_000,
    notify: [
      { roles: ['lead'], after: 0, hours: 'working' },
      { roles: ['boss'], after: 300_000 },
      {
        roles: ['boss'],
        after: { workday: 900_000, night: 2_700_000 },
        unless: { step: 'look' },
        level: 'urgent',
        hours: 'outside',
      },
    ],
    rises: [{ level: 'urgent', after: 1_800_000, unless: 'returned' }],
    keeps: [{ id: 'video', text: 'Video', forMs: 30 * 86_400_000 }],
    steps: [
      {
        id: 'look',
        text: 'Look',
        role: 'lead',
        within: { workday: 60_000, holiday: 120_000 },
        required: false,
      },
      {
        id: 'call',
        text: 'Call',
        after: 'look',
        within: 120_000,
        call: '119',
        automatic: 'off',
        required: true,
      },
    ],
  });
});

test('what is not written is not there, so that stored sites stay equal', () => {
  expect(Object.keys(planOf(head)).sort()).toEqual([
    'category',
    'closing',
    'closingRequires',
    'id',
    'level',
    'silent',
    'steps',
    'title',
  ]);
});

test('ladders of the site replace shipped ones of the same name, and add to them', () => {
  const plan = planOf(`${head}notify: [{ ladder: chain }, { ladder: night }]\n`, 'ladders: own.yaml\n');
  expect(plan.notify).toEqual([
    { roles: ['guard'], after: 0 },
    { roles: ['guard', 'lead'], after: 0 },
  ]);
});

test('the build prepares plans with their ladders as names', () => {
  const prepared = preparePlans(path.join(shippedConfig, 'plans'));
  const powerLoss = prepared.plans.find(([, { plan }]) => plan.id === 'power-loss')![1];
  expect(powerLoss.notify).toContainEqual({ ladder: 'major' });
  expect(powerLoss.plan).not.toHaveProperty('notify');
  expect(Object.fromEntries(prepared.ladders[1])).toHaveProperty('major');
  // as JSON it is the same: it is written to a file
  expect(JSON.parse(JSON.stringify(prepared))).toEqual(prepared);
});

describe('each mistake at its place', () => {
  const step = '{ id: a, text: A }';
  test.each([
    [
      'an unknown ladder',
      'notify:\n  - ladder: chian\n',
      '6:5 unknown ladder `chian`; did you mean `chain`?',
    ],
    [
      'an unknown key of a rung',
      'notify:\n  - { to: a, when: 3m }\n',
      '6:14 unknown key `when`; known here: to, after, unless, level, hours',
    ],
    [
      'a list with a word that is none',
      'closingRequires: [cause, losses, remdy]\n',
      '5:34 `closingRequires` item 3: `remdy` is not possible here; did you mean `remedy`?',
    ],
    [
      'a text in one language',
      'steps:\n  - { id: a, text: { zh: 甲 } }\n',
      '6:20 `text`: `en` is missing; add `en: …`',
    ],
    ['no role', 'notify:\n  - { after: 3m }\n', '6:5 `to` of `notify` item 1 is missing; add `to: …`'],
    [
      'no rung',
      'notify:\n  - chain\n',
      '6:5 `notify` item 1: `chain` is not a map of keys and values; write a map of keys and values',
    ],
    [
      'equal rungs',
      'notify:\n  - { to: [a, b] }\n  - { to: [b, a], after: 0s }\n',
      '7:5 two equal rungs tell `b`, `a`; remove one, or give it another `after`',
    ],
    [
      'a rung equal to one of a ladder',
      'notify:\n  - ladder: chain\n  - { to: lead }\n',
      '7:5 two equal rungs tell `lead`; remove one, or give it another `after`',
    ],
    [
      'an unknown step in unless',
      `notify:\n  - { to: a, unless: { step: b } }\nsteps: [${step}]\n`,
      '6:5 unknown step `b` in `unless`; known here: a',
    ],
    [
      'another word in unless',
      'notify:\n  - { to: a, unless: seen }\n',
      '6:22 `unless`: `seen` is not possible here; write acknowledged, returned or { step: ID of a step }',
    ],
    [
      'a limit of zero',
      'steps:\n  - { id: a, text: A, within: 0s }\n',
      '6:31 `within`: a limit of zero has passed at once; write a longer time, such as 1m, or remove it',
    ],
    [
      'a limit of zero at night',
      'steps:\n  - { id: a, text: A, within: { workday: 1m, night: 0s } }\n',
      '6:31 `within`: a limit of zero has passed at once; write a longer time, such as 1m, or remove it',
    ],
    [
      'an unknown step in after',
      `steps:\n  - ${step}\n  - { id: c, text: C, after: b, within: 1m }\n`,
      '7:30 unknown step `b` in `after`; known here: a, c',
    ],
    [
      'a circle of after',
      'steps:\n  - { id: a, text: A, after: b, within: 1m }\n  - { id: b, text: B, after: a, within: 1m }\n',
      '6:30 a circle: `a` after `b` after `a`; remove one `after`',
    ],
    [
      'a step after itself',
      'steps:\n  - { id: a, text: A, after: a, within: 1m }\n',
      '6:30 a circle: `a` after `a`; remove one `after`',
    ],
    [
      'after alone',
      `steps:\n  - ${step}\n  - { id: b, text: B, after: a }\n`,
      '7:30 `after` without `within` does nothing; add `within: …`, or remove it',
    ],
    [
      'no number',
      'steps:\n  - { id: a, text: A, call: "1-1-9" }\n',
      '6:29 `call`: `1-1-9` is not a number to call; write 3 to 20 digits in quotes, or an id of `numbers` in the contacts',
    ],
    [
      'a number without quotes',
      'steps:\n  - { id: a, text: A, call: 119 }\n',
      '6:29 `call`: 119 is a number, not a text; put it in quotes',
    ],
    [
      'a rise to the same level',
      'rises: [{ level: major, after: 1m }]\n',
      "5:18 `rises`: major is no rise from the plan's level major; write a higher level",
    ],
    [
      'an unknown step in a rise',
      `rises: [{ level: urgent, after: 1m, unless: { step: b } }]\nsteps: [${step}]\n`,
      '5:53 unknown step `b` in `unless`; known here: a',
    ],
    [
      'two keeps',
      'keeps:\n  - { id: a, text: A, for: 1d }\n  - { id: a, text: A, for: 1d }\n',
      '7:11 two keeps `a`; rename one',
    ],
    [
      'a verdict of nobody',
      'closing: itself\nclosingRequires: [cause]\n',
      '6:1 `closingRequires`: the plan closes itself, and nobody is asked; write `closing: person`, or remove it',
    ],
  ])('%s', (_, text, expected) => {
    const site = folder();
    site.write('shipped/plans/fire.yaml', head + text);
    site.write('shipped/ladders.yaml', 'chain: [{ to: lead }]\n');
    expect(site.faults(smallSite)).toEqual([`fire.yaml:${expected}`]);
  });

  test('ladders', () => {
    const site = folder();
    site.write('own.yaml', 'chain:\n  - { to: [], after: 3 }\nnone: []\nDay: [{ to: a }]\n');
    expect(site.faults(`${smallSite}ladders: own.yaml\n`)).toEqual([
      'own.yaml:2:11 `to`: an empty list tells nobody; name at least one role',
      'own.yaml:2:22 `after`: 3 is not a length of time; write one such as 30m, or { workday: 15m, holiday: 45m, night: 45m }',
      'own.yaml:3:7 ladder `none`: a list is not a list of rungs; write `{ to: ROLE, … }` for each',
      'own.yaml:4:1 `Day` is not an id; write a small letter, then small letters, digits and _, at most 64',
    ]);
    expect(site.faults(`${smallSite}ladders: gone.yaml\n`)[0]).toMatch(
      /^28:10 there is no file .*gone\.yaml/,
    );
  });
});

test('a plan under the name of another', () => {
  const site = folder();
  site.write(
    'plans/water-leek.yaml',
    'id: water-leak\ntitle: Leak\ncategory: alarm\nnotify: [{ to: lead }]\n',
  );
  expect(site.faults(`${smallSite}plans: plans\n`)).toEqual([
    'water-leek.yaml:1:5 `id` is `water-leak`, the file is called `water-leek`; write `id: water-leek`, or rename the file to water-leak.yaml',
  ]);
});

test("a site's own plan that leaves a role untold is a warning", () => {
  const site = folder();
  const steps = 'steps: [{ id: a, text: A, role: finder }, { id: b, text: B, role: lead }]\n';
  site.write('plans/fire.yaml', head + steps);
  expect(site.faults(`${smallSite}plans: plans\n`)).toEqual([
    'fire.yaml:1:1 warning plan `fire` tells nobody; add `notify: [{ to: ROLE }, …]`',
  ]);
  site.write('plans/fire.yaml', `${head}notify: [{ to: boss }]\n${steps}`);
  expect(site.faults(`${smallSite}plans: plans\n`)).toEqual([
    'fire.yaml:6:67 warning role `lead` has a step, and no rung of `notify` tells it; add a rung, or give the step to another role',
  ]);
});

test('every role that has a step in a shipped plan is told of it', () => {
  const root = path.join(shippedConfig, 'plans');
  const { plans, ladders } = preparePlans(root);
  const rungs = new Map(ladders[1]);
  const untold = plans.flatMap(([, { plan, notify }]) => {
    const told = new Set(
      notify
        .flatMap((item) => ('ladder' in item ? rungs.get(item.ladder)! : [item]))
        .flatMap(({ roles }) => roles),
    );
    const roles = new Set(plan.steps.flatMap(({ role }) => role ?? []));
    return [...roles]
      .filter((role) => role !== 'finder' && !told.has(role))
      .map((role) => `${plan.id} ${role}`);
  });
  expect(untold).toEqual([]);
});
