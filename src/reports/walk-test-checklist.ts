// A walk test's result as the list by which an installation is accepted: a row for each detector with what the gateway
// has heard, and columns that people fill in by hand. For paper and for spreadsheets; decides nothing.

import type { Language } from '../core/types.ts';
import { type Block, facts, named, section, textIn } from './document.ts';
import type { IncidentReport, WalkTestResult } from './types.ts';
import { words } from './words.ts';

type At = (moment: string) => string;

/** Nothing for an incident that is no walk test. The list is never cut: a detector that is left out is none that was seen. */
export function checklistOf(
  { walkTest, incident }: IncidentReport,
  language: Language,
  at: At,
): readonly Block[] {
  const said = words[language];
  if (walkTest === undefined) {
    const runs = incident.plan === 'walk-test' && incident.state !== 'closed';
    return runs
      ? [
          { type: 'heading', text: said.checklist },
          { type: 'text', text: said.listAtEnd },
        ]
      : [];
  }
  const [heading, table] = section(
    said.checklist,
    [
      { title: said.zone, width: 12 },
      { title: said.sensor, width: 23 },
      { title: said.kind, width: 10 },
      { title: said.heardAt, width: 15 },
      { title: said.who, width: 9 },
      { title: said.placeChecked, width: 13 },
      { title: said.sirenHeard, width: 13 },
      { title: said.remarks, width: 13 },
    ],
    walkTest.detectors.map((detector) => [
      zoneIn(detector, language),
      named(detector.name, detector.point, language),
      kindIn(detector, language),
      detector.heardAt === undefined ? said.notHeard : at(detector.heardAt),
      detector.heardAt === undefined ? '' : walkTest.by,
      '',
      '',
      '',
    ]),
    said.none,
  );
  return [
    heading!,
    facts([[said.detectorsHeard, `${walkTest.heard} / ${walkTest.detectors.length}`]]),
    table!,
    { type: 'text', text: said.signHere },
  ];
}

/** What a spreadsheet has beyond an incident's own columns. */
export function checklistColumns(language: Language): readonly string[] {
  const said = words[language];
  return [said.zone, said.sensor, said.sensorId, said.kind, said.placeChecked, said.sirenHeard, said.remarks];
}

/** Rows for a spreadsheet: time, what, who, and the columns of above. */
export function checklistRows(
  { by, detectors }: WalkTestResult,
  language: Language,
  at: At,
): readonly { at: string; what: string; by: string; cells: readonly string[] }[] {
  const said = words[language];
  return detectors.map((detector) => ({
    at: detector.heardAt === undefined ? '' : at(detector.heardAt),
    what: detector.heardAt === undefined ? said.notHeard : said.detectorHeard,
    by: detector.heardAt === undefined ? '' : by,
    cells: [
      zoneIn(detector, language),
      textIn(detector.name, language),
      detector.point,
      kindIn(detector, language),
      '',
      '',
      '',
    ],
  }));
}

type Detector = WalkTestResult['detectors'][number];

function zoneIn({ zone, zoneName }: Detector, language: Language): string {
  return zone === undefined ? '' : textIn(zoneName ?? zone, language);
}

function kindIn({ kind, kindName }: Detector, language: Language): string {
  return kind === undefined ? '' : textIn(kindName ?? kind, language);
}
