// `keepwatch status`: how a running daemon is: what is open, whom it reaches, which lines and devices answer.

import type { OutputReport, StatusReport } from '../control/types.ts';
import { becauseIn } from '../core/because-words.ts';
import type { Language } from '../core/types.ts';
import { plain } from '../lib/width.ts';
import { type Cell, paint, type Screen, table } from '../terminal/paint.ts';
import { inLanguage, momentIn, span, words } from '../terminal/words.ts';
import { runningDrills } from './drill.ts';
import { dutyLines } from './duty-lines.ts';
import {
  askAndShow,
  type DaemonOptions,
  type Define,
  output,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';
import { walkTestLines } from './walktest.ts';

export const define: Define = (command, act) => {
  withExample(withLanguage(withDaemon(command)), 'keepwatch status --json | jq .open').action(
    act((options: DaemonOptions) =>
      askAndShow(options, {
        method: 'status',
        lines: (status, { language }) => statusLines(output(), status, language),
      }),
    ),
  );
};

/** A site whose detectors were all never tried must not fill the screen. */
const mostDuties = 10;

type Face = Pick<Screen, 'colours' | 'columns'>;

export function statusLines(screen: Face, status: StatusReport, language: Language): string[] {
  return [
    ...summary(screen, status, language),
    ...section(buses(screen, status, language)),
    ...section(devicesDown(screen, status, language)),
    ...section(outputs(screen, status, language)),
    ...section(disabled(screen, status, language)),
    ...section(suppressed(screen, status, language)),
    ...section(restarted(screen, status, language)),
    ...section(runningDrills(screen, status, language)),
    ...section(walkTestLines(screen, status, language)),
    ...section(channels(screen, status, language)),
    ...section(due(screen, status, language)),
    ...status.warnings.map((warning) =>
      paint(screen, 'yellow', `! ${words[language].title.warning}: ${plain(becauseIn(warning, language))}`),
    ),
  ];
}

function section(lines: string[]): string[] {
  return lines.length > 0 ? ['', ...lines] : [];
}

function summary(screen: Face, status: StatusReport, language: Language): string[] {
  const { title, category } = words[language];
  const { premises, open, mqtt, store } = status;
  const name = plain(inLanguage(premises.name, language));
  const ill = (text: string): string => paint(screen, 'red', `✗ ${text}`);
  const counts = (['alarm', 'supervisory', 'trouble'] as const)
    .filter((kind) => open[kind] > 0)
    .map((kind) => paint(screen, kind === 'alarm' ? 'red' : 'yellow', `${category[kind]} ${open[kind]}`));
  const clock = status.clock === 'synced' ? title.synced : ill(title.unsynced);
  const lines = [
    `${paint(screen, 'bold', name)} (${premises.id})  keepwatch ${status.version}  ${title.uptime} ${span(status.uptimeMs)}`,
    `${title.open}: ${counts.length > 0 ? counts.join(', ') : title.nothingOpen}`,
  ];
  if (mqtt) {
    const state = mqtt.connected
      ? `${title.connected}${mqtt.protocol === undefined ? '' : `, MQTT ${mqtt.protocol === 5 ? '5' : '3.1.1'}`}`
      : ill(`${title.notConnected}${mqtt.because ? `: ${plain(becauseIn(mqtt.because, language))}` : ''}`);
    lines.push(`${title.broker}: ${plain(mqtt.url)} ${state}; ${mqtt.waiting} ${title.waiting}`);
  }
  lines.push(
    `${title.store}: ${store.ok ? title.good : ill(plain(becauseIn(store.because ?? title.down, language)))}${sizeOf(status)}`,
  );
  const { facts = 0, events = 0, incidents = 0 } = status.history?.pruned ?? {};
  if (facts + events + incidents > 0) lines.push(`${title.pruned}: ${facts}, ${events}, ${incidents}`);
  lines.push(`${title.clock}: ${clock}`);
  return lines;
}

function sizeOf({ history }: StatusReport): string {
  if (history === undefined) return '';
  const megabytes = (of: number): string => (of / 1024 / 1024).toFixed(1);
  return ` (${megabytes(history.bytes)} / ${megabytes(history.mostBytes)} MB)`;
}

function buses(screen: Face, status: StatusReport, language: Language): string[] {
  const { title } = words[language];
  if (status.buses.length === 0) return [];
  const rows = status.buses.map((bus): (string | Cell)[] => [
    bus.id,
    bus.driver,
    link(bus.up, language),
    String(bus.requests),
    String(Object.values(bus.errors).reduce((sum, count) => sum + count, 0)),
    `${Math.round(bus.utilisation * 100)}%`,
    bus.oldestMs > 0 && Number.isFinite(bus.oldestMs) ? span(bus.oldestMs) : '',
    becauseIn(bus.because ?? '', language),
  ]);
  const columns = [
    { title: title.bus },
    { title: title.driver },
    { title: title.link },
    { title: title.requests, side: 'left' as const },
    { title: title.errors, side: 'left' as const },
    { title: title.busy, side: 'left' as const },
    { title: title.oldest, side: 'left' as const },
    { title: title.because, flexible: true },
  ];
  return table(screen, columns, rows);
}

function devicesDown(screen: Face, status: StatusReport, language: Language): string[] {
  const { title } = words[language];
  const rows = status.buses
    .flatMap((bus) => bus.devices.map((device) => ({ bus, device })))
    .filter(({ device }) => !device.up)
    .map(({ bus, device }): (string | Cell)[] => [
      device.id,
      bus.id,
      link(false, language),
      becauseIn(device.because ?? '', language),
    ]);
  if (rows.length === 0) return [];
  const columns = [
    { title: title.device },
    { title: title.bus },
    { title: title.link },
    { title: title.because, flexible: true },
  ];
  return table(screen, columns, rows);
}

function link(up: boolean, language: Language): Cell {
  const { title } = words[language];
  return up ? { text: title.up, colour: 'green' } : { text: `✗ ${title.down}`, colour: 'red' };
}

function outputs(screen: Face, status: StatusReport, language: Language): string[] {
  const { title } = words[language];
  if (status.outputs.length === 0) return [];
  const rows = status.outputs.map((output): (string | Cell)[] => [
    output.id,
    onOff(output.desired, language),
    actual(output, language),
    becauseIn(output.fault ?? output.because, language),
  ]);
  const columns = [
    { title: title.output },
    { title: title.wanted },
    { title: title.actual },
    { title: title.because, flexible: true },
  ];
  return table(screen, columns, rows);
}

function actual(output: OutputReport, language: Language): string | Cell {
  const text = output.actual === null ? words[language].title.unknown : onOff(output.actual, language);
  if (output.fault) return { text: `✗ ${text}`, colour: 'red' };
  const differs = output.desired !== 'keep' && output.actual !== null && output.actual !== output.desired;
  return differs ? { text: `≠ ${text}`, colour: 'yellow' } : text;
}

function onOff(value: boolean | 'keep', language: Language): string {
  const { title } = words[language];
  return value === 'keep' ? title.keep : value ? title.on : title.off;
}

function disabled(screen: Face, status: StatusReport, language: Language): string[] {
  const { title } = words[language];
  if (status.disabled.length === 0) return [];
  const rows = status.disabled.map((item): (string | Cell)[] => [
    { text: `⊘ ${item.id}`, colour: 'yellow' },
    item.until ? momentIn(status.premises.timezone, item.until) : '—',
    item.by,
    item.reason,
  ]);
  const columns = [
    { title: title.disabled },
    { title: title.until },
    { title: title.by },
    { title: title.reason, flexible: true },
  ];
  return table(screen, columns, rows);
}

function suppressed(screen: Face, { suppressed = [] }: StatusReport, language: Language): string[] {
  if (suppressed.length === 0) return [];
  const title = paint(screen, 'yellow', `⊘ ${words[language].title.suppressed}`);
  return [`${title}: ${suppressed.map(plain).join(', ')}`];
}

/** Parts that were stuck since the start. */
function restarted(screen: Face, { parts = [] }: StatusReport, language: Language): string[] {
  const stuck = parts.filter(({ restarts }) => restarts > 0);
  if (stuck.length === 0) return [];
  const title = paint(screen, 'yellow', `⚠ ${words[language].title.restarted}`);
  return [`${title}: ${stuck.map(({ id, restarts }) => `${id} (${restarts})`).join(', ')}`];
}

function channels(screen: Face, { people }: StatusReport, language: Language): string[] {
  const { title } = words[language];
  if (people === undefined || people.channels.length === 0) return [];
  const rows = people.channels.map(({ id, type, ok, because, waiting }): (string | Cell)[] => [
    id,
    type,
    ok ? { text: title.good, colour: 'green' } : { text: `✗ ${title.down}`, colour: 'red' },
    String(waiting),
    becauseIn(because ?? '', language),
  ]);
  const columns = [
    { title: title.channel },
    { title: title.type },
    { title: title.state },
    { title: title.messages, side: 'left' as const },
    { title: title.because, flexible: true },
  ];
  return table(screen, columns, rows);
}

/** Only what people are being told of; `keepwatch readiness` shows all that will be due. */
function due(screen: Face, { duties = [], premises }: StatusReport, language: Language): string[] {
  const now = duties.filter(({ reminded, overdue }) => reminded || overdue);
  const shown = dutyLines(screen, now.slice(0, mostDuties), premises.timezone, language);
  const left = now.length - mostDuties;
  return left > 0 ? [...shown, `  … +${left}: keepwatch readiness`] : shown;
}
