// The list of all metrics: name, help, type, labels, and where each value comes from, by subject in the files beside. Labels are
// ids of the site file and words of the program, so there are never more series than the site has parts; no value of a point
// is among them. Adding one is an entry in one of them and a line in docs/metrics.md. Knows no library.

import type { Metric } from './metric-form.ts';
import { gateway, machine, storage } from './metrics-gateway.ts';
import { incidents } from './metrics-incidents.ts';
import { lines } from './metrics-lines.ts';
import { waysOut } from './metrics-ways.ts';

export const metrics: readonly Metric[] = [
  ...gateway,
  ...lines,
  ...incidents,
  ...waysOut,
  ...storage,
  ...machine,
];

/** The one histogram, which has a form of its own. */
export const commitSeconds = {
  name: 'commit_duration_seconds',
  help: 'How long commits to the disk took, those that failed included.',
} as const;
