// The site under torture: detectors in a row of registers, each in a zone of its own, so that each trip is one
// incident; and its plan, which closes by itself, so that each further trip is another. Knows no scenario.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Place, type SiteFile, siteOf } from '../support/daemon.ts';
import type { Trip } from './detectors.ts';

/** The value of the first trip: what is below is rest. */
export const alarmFrom = 30_000;
export const plan = 'torture';

export const pointOf = ({ detector }: Pick<Trip, 'detector'>): string => `panel.d${detector}`;

/** Puts site file and plan into the place. `bus` is the line to the detectors. */
export function writeSite(
  place: Place,
  broker: { readonly port: number },
  bus: SiteFile,
  count: number,
  more: SiteFile = {},
): void {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const point = (number: number): SiteFile => ({
    read: `holding:${number}:u16`,
    kind: 'temperature',
    rule: 'none',
    zone: `z${number}`,
  });
  const rule = (number: number): SiteFile => ({
    when: `panel.d${number} > ${alarmFrom}.0`,
    plan,
    zone: `z${number}`,
  });
  const plans = path.join(place.folder, 'plans');
  mkdirSync(plans, { recursive: true });
  const text = { zh: '考验', en: 'Torture' };
  writeFileSync(
    path.join(plans, `${plan}.yaml`),
    `${JSON.stringify({ id: plan, title: text, category: 'alarm', level: 'urgent', closing: 'itself' })}\n`,
  );
  place.write(
    siteOf(broker, {
      plans: 'plans',
      buses: { line: bus },
      zones: Object.fromEntries(
        numbers.map((number) => [`z${number}`, { name: { zh: `${number} 区`, en: `Zone ${number}` } }]),
      ),
      devices: {
        panel: {
          bus: 'line',
          unit: 1,
          every: '50ms',
          // an answer that comes while nobody has time for it must not be thrown away as late
          timeout: '1s',
          points: Object.fromEntries(numbers.map((number) => [`d${number}`, point(number)])),
          ...more.panel,
        },
      },
      rules: {
        ...Object.fromEntries(numbers.map((number) => [`r${number}`, rule(number)])),
        ...more.rules,
      },
      ...(more.mqtt && { mqtt: more.mqtt }),
    }),
  );
}

export const overTcp = (port: number): SiteFile => ({ driver: 'modbus-tcp', host: '127.0.0.1', port });
