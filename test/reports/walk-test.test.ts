// The report of a walk test, from the engine's own incident: a checklist with a row for each detector, in every form but
// PDF's pages, and no word of an acknowledgement that nobody waits for.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Event, Incident, Language } from '../../src/core/types.ts';
import { incidentCsv } from '../../src/reports/csv.ts';
import { incidentDocument } from '../../src/reports/incident-document.ts';
import { incidentReport } from '../../src/reports/incident-report.ts';
import { markdownOf } from '../../src/reports/markdown.ts';
import { pdfOf } from '../../src/reports/pdf.ts';
import { haveTools } from '../support/need.ts';
import { scenario } from '../support/scenario.ts';
import { contact, makeSite, plan } from '../support/site.ts';
import { madeAt, premises } from './incidents.ts';

const zones = [{ id: 'hall', name: { zh: '大厅', en: 'Hall' } }];
const site = makeSite({
  zones,
  points: [
    contact('hall.smoke', { kind: 'smoke', zone: 'hall', name: { zh: '东侧烟感', en: 'Smoke, east' } }),
    contact('hall.heat', { kind: 'heat', zone: 'hall' }),
  ],
  plans: [plan('walk-test', { category: 'supervisory', level: 'general', closing: 'itself' })],
});
const names = {
  plans: {},
  people: {},
  zones: { hall: zones[0]!.name },
  points: { 'hall.smoke': { zh: '东侧烟感', en: 'Smoke, east' } },
};

/** A test in which these were tripped, stopped by a person where it has not ended by itself. */
function testOf(...trips: string[]): { incident: Incident; events: readonly Event[] } {
  const made = scenario(site)
    .reading({ 'hall.smoke': false, 'hall.heat': false })
    .command('walktest', { action: 'start' });
  // the object goes on after it has left the state
  const [incident] = Object.values(made.state.durable.incidents);
  for (const id of trips)
    made
      .after('1m')
      .reading({ [id]: true })
      .after('2s')
      .reading({ [id]: false });
  if (made.state.durable.walkTest) made.command('walktest', { action: 'stop' });
  expect(incident).toMatchObject({ plan: 'walk-test', state: 'closed' });
  for (const event of made.events) expect(event.incident?.tested).toBeUndefined();
  return { incident: incident!, events: made.events };
}

const reportOf = (...trips: string[]) => incidentReport(testOf(...trips), { premises, names, madeAt });
const markdown = (language: Language, ...trips: string[]) =>
  markdownOf(incidentDocument(reportOf(...trips), language));
const partOf = (text: string, heading: string): string =>
  text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';

test('each detector with its zone, name, kind and when it was heard, in the order of the site', () => {
  const { walkTest, timeline, improvements } = reportOf('hall.heat');
  const heardAt = timeline.find(({ because }) => because === 'walk test: hall.heat heard')!.at;
  const zone = { zone: 'hall', zoneName: { zh: '大厅', en: 'Hall' } };
  expect(walkTest).toEqual({
    by: 'li',
    heard: 1,
    detectors: [
      {
        point: 'hall.smoke',
        name: { zh: '东侧烟感', en: 'Smoke, east' },
        ...zone,
        kind: 'smoke',
        kindName: expect.objectContaining({ en: 'smoke' }),
      },
      { point: 'hall.heat', name: 'hall.heat', ...zone, kind: 'heat', kindName: expect.anything(), heardAt },
    ],
  });
  expect(improvements).toEqual([{ kind: 'notHeard', count: 1, of: 2 }]);
});

test('on paper with columns to be filled in by hand', () => {
  const en = partOf(markdown('en', 'hall.heat'), 'Acceptance checklist');
  expect(en).toMatch(
    /^\| Zone \| Sensor \| Kind \| Heard at \| Who \| Place checked \| Siren heard \| Remarks \|$/m,
  );
  expect(en).toMatch(
    /^\| Hall \| Smoke, east \(hall\.smoke\) \| smoke \| NOT HEARD \| {2}\| {2}\| {2}\| {2}\|$/m,
  );
  expect(en).toMatch(/^\| Hall \| hall\.heat \| heat \| \d{4}-\d\d-\d\d [\d:]+ \| li \| {2}\| {2}\| {2}\|$/m);
  expect(en).toContain('| Detectors heard | 1 / 2 |');
  const zh = partOf(markdown('zh', 'hall.heat'), '验收表');
  expect(zh).toMatch(/^\| 大厅 \| 东侧烟感 \(hall\.smoke\) \| \S+ \| 未测到 \|/m);
  expect(zh).toContain('位置核对');
});

test('what to change: what was not heard, and no acknowledgement', () => {
  const some = partOf(markdown('en', 'hall.heat'), 'What to change');
  expect(some).toContain('1 of 2 detectors were not heard');
  expect(some).not.toMatch(/acknowledged/i);
  expect(partOf(markdown('zh', 'hall.heat'), '改进事项')).toContain('2 个探测器中有 1 个未测到');
  const all = partOf(markdown('en', 'hall.smoke', 'hall.heat'), 'What to change');
  expect(all).toContain('All that was judged went as the plan has it');
  // any other incident that nobody acknowledged still says so
  const { incident } = testOf();
  const other = incidentReport(
    { incident: { ...incident, plan: 'fire' }, events: [] },
    { premises, names, madeAt },
  );
  expect(other.improvements).toContainEqual({ kind: 'notAcknowledged' });
});

test('one that runs says that its list is to come, and another incident has none', () => {
  const { tested: _, ...running } = { ...testOf().incident, state: 'unacknowledged' as const };
  const text = (incident: Incident) =>
    markdownOf(incidentDocument(incidentReport({ incident, events: [] }, { premises, names, madeAt }), 'en'));
  expect(partOf(text(running), 'Acceptance checklist')).toContain(
    'the list of its detectors comes with its end',
  );
  expect(text({ ...running, plan: 'fire' })).not.toContain('Acceptance checklist');
});

test('in a spreadsheet: a row for each, with empty cells to fill in', () => {
  const rows = incidentCsv(reportOf('hall.heat'), 'en').trimEnd().split('\r\n');
  expect(rows[0]).toMatch(/,Delivery,Zone,Sensor,Sensor id,Kind,Place checked,Siren heard,Remarks$/);
  expect(rows.at(-2)).toMatch(/^i1_\w+,,,NOT HEARD,,,,,,Hall,"Smoke, east",hall\.smoke,smoke,,,$/);
  expect(rows.at(-1)).toMatch(
    /^i1_\w+,\d{4}-[^,]+,,detector heard,li,,,,,Hall,hall\.heat,hall\.heat,heat,,,$/,
  );
});

test.skipIf(!haveTools(['pdftotext', '-v']))('as PDF', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-walk-test-'));
  try {
    const file = path.join(folder, 'report.pdf');
    writeFileSync(file, await pdfOf(incidentDocument(reportOf('hall.heat'), 'zh')));
    const text = execFileSync('pdftotext', ['-raw', file, '-'], { encoding: 'utf8' }).replace(/\s+/g, '');
    for (const word of ['验收表', '位置核对', '警铃核对', '未测到', '东侧烟感(hall.smoke)', '验收人：'])
      expect(text).toContain(word);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
