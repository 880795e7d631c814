// The event port of Notifier/Honeywell AFP-2800 and XLS-2000 fire panels, ready made: their words become named
// points. The panel speaks, nothing is ever asked or sent. Words are in codec.ts, what stands in states.ts.

import * as z from 'zod';
import { AddressFault, DeviceFault, type PointAddress, type Raw } from '../../../src/driver.ts';
import { panelPointKey, readKey } from '../keys.ts';
import { createLineReader } from '../lines/codec.ts';
import type { Protocol } from '../protocol.ts';
import { type PanelEvent, parseLine, type StateName, stateNames } from './codec.ts';
import { createPanelState, type Filter, type PanelState } from './states.ts';

/** texts of the newest event, for people */
const textNames = ['alarmLabel', 'lastEvent'] as const;
const names: readonly string[] = [...stateNames, ...textNames];

interface Detail {
  /** values come when the panel speaks, never on request */
  readonly unasked: true;
  readonly name: string;
  readonly zone: number | undefined;
  readonly point: string | undefined;
}

function zoneOf(given: unknown): number | undefined {
  if (given === undefined) return undefined;
  const number = /^[Zz]?0*(\d{1,3})$/.exec(String(given))?.[1];
  if (number !== undefined) return Number(number);
  throw new AddressFault(
    'panelZone',
    `${JSON.stringify(given)} is no zone of the panel`,
    'write its number, such as 1 or Z001',
  );
}

/** Follows one point through the events. */
function follower(detail: Detail): (event: PanelEvent) => Raw | undefined {
  const { name, zone, point } = detail;
  if ((stateNames as readonly string[]).includes(name)) {
    const filter: Filter = { state: name as StateName, zone, point };
    const state: PanelState = createPanelState(filter);
    return (event) => state.take(event);
  }
  return (event) => {
    if (zone !== undefined && zone !== event.zone) return undefined;
    if (point !== undefined && point !== event.point) return undefined;
    if (name === 'alarmLabel')
      return event.word === 'ALARM' || event.word === 'ACKD ALARM' ? event.label : undefined;
    return `${event.word} Z${String(event.zone).padStart(3, '0')} ${event.point} ${event.label}`.trim();
  };
}

export const afp2800: Protocol = {
  id: 'afp-2800',
  baudRate: 9600,
  single: false,
  keys: {
    bus: {},
    device: {},
    point: {
      read: readKey(names.join(', ')),
      panelZone: z
        .union([z.string().min(1).max(8), z.int().min(0).max(999)])
        .optional()
        .describe('only events of this zone of the panel, such as 1 or Z001'),
      panelPoint: panelPointKey('only events of this point of the panel, as it prints it, such as 1.1.Z1'),
    },
  },
  bus() {},
  point(_bus, _device, point) {
    const name = point.read as string | undefined;
    if (name === undefined || !names.includes(name)) {
      const what = name === undefined ? 'the point does not say what to read' : `the panel has no "${name}"`;
      throw new AddressFault('read', what, `write \`read: NAME\`, NAME one of ${names.join(', ')}`);
    }
    const detail: Detail = {
      unasked: true,
      name,
      zone: zoneOf(point.panelZone),
      point: point.panelPoint === undefined ? undefined : String(point.panelPoint),
    };
    const type = (textNames as readonly string[]).includes(name) ? 'string' : 'bool';
    return { type, space: 'events', start: 0, length: 1, detail };
  },
  open(_bus, host) {
    const link = host.link;
    if (!link) throw new DeviceFault('link', 'the protocol afp-2800 needs a line');
    const reader = createLineReader({ encoding: 'latin1', start: ':', end: ';' });
    const followers = host.points.map((point) => [point, follower(point.detail as Detail)] as const);
    link.onData((bytes) => {
      const { lines, dropped } = reader.push(bytes);
      if (dropped > 0) {
        host.log.warn(
          { code: 'LINE_GARBLED', dropped },
          'events without an end were dropped: check baud rate and parity',
        );
      }
      const values: (readonly [PointAddress, Raw])[] = [];
      for (const line of lines) {
        const { events, unknown } = parseLine(line);
        for (const text of unknown)
          host.log.warn(
            { code: 'PANEL_EVENT_UNKNOWN', line: text.slice(0, 200) },
            'the panel printed what is no known event',
          );
        for (const event of events) {
          host.log.debug({ event }, 'event');
          for (const [point, take] of followers) {
            const value = take(event);
            if (value !== undefined) values.push([point, value]);
          }
        }
      }
      if (values.length > 0) host.emit(values);
    });
    return { async close() {} };
  },
};
