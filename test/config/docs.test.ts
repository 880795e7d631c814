// The documentation names every key of the schema with the shipped drivers, and every kind; its examples of people,
// channels, duties and plans are sound.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { siteJsonSchema } from '../../src/config/load.ts';
import { kinds } from '../../src/core/kinds.ts';
import { packageRoot } from '../../src/lib/assets.ts';
import { folder, smallSite } from './support.ts';

const documentation = readFileSync(path.join(packageRoot, 'docs/configuration.md'), 'utf8');

function keysOf(schema: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const item of schema) keysOf(item, found);
  else if (typeof schema === 'object' && schema !== null) {
    for (const [word, inner] of Object.entries(schema)) {
      if (word === 'properties') for (const key of Object.keys(inner)) found.add(key);
      keysOf(inner, found);
    }
  }
  return found;
}

test('every key is documented', () => {
  const words = new Set(documentation.match(/[A-Za-z][A-Za-z0-9_]*/g));
  expect([...keysOf(siteJsonSchema(drivers))].filter((key) => !words.has(key))).toEqual([]);
});

test('every kind is in the table as it is in the code', () => {
  for (const [id, { plan, nature, alarmAbove, alarmBelow }] of Object.entries(kinds)) {
    const row = documentation.split('\n').find((line) => line.startsWith(`| \`${id}\` | `));
    expect(row, id).toContain(`| ${nature} | ${plan === undefined ? 'none' : `\`${plan}\``} |`);
    for (const limit of [alarmAbove, alarmBelow])
      if (limit !== undefined) expect(row).toContain(String(limit));
  }
});

/** The examples in YAML of a section. */
function examples(section: string): string[] {
  const text = documentation.split(/^## /m).find((part) => part.startsWith(`${section}\n`))!;
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => match[1]!);
}

test('the examples of people, channels, duties and plans', () => {
  const site = folder();
  const [contacts, holidays] = examples('Contacts') as [string, string];
  const [duties, readiness] = examples('duties') as [string, string];
  site.write('contacts.yaml', contacts);
  site.write('shipped/holidays/china-2026.yaml', holidays);
  site.write('readiness.yaml', readiness);
  site.write('shipped/ladders.yaml', examples('Ladders')[0]!.replace('chain:', 'major:'));
  site.write('shipped/plans/water-leak.yaml', examples('Plans')[0]!);
  const text = `${smallSite}${examples('channels')[0]}${duties}contacts: contacts.yaml\n`;
  const environment = {
    KEEPWATCH_SECRET_WECOM_URL: 'https://robot.example/?key=abcd',
    KEEPWATCH_SECRET_SMTP: 'abcd',
  };
  const { faults } = site.load(text, { environment, now: Date.UTC(2026, 10, 2) });
  expect(faults.filter(({ severity }) => severity === 'fault')).toEqual([]);
});
