// The printer port of GST (海湾) GST9000 fire panels, ready made: a fire sets its points, the system reset clears
// them. The panel speaks, nothing is ever asked or sent; the bytes are in codec.ts.

import * as z from 'zod';
import { AddressFault, DeviceFault, type PointAddress, type Raw } from '../../../src/driver.ts';
import { panelPointKey, readKey } from '../keys.ts';
import type { Protocol } from '../protocol.ts';
import { createBlockReader, type GstEvent, parseBlock } from './codec.ts';

/** `fire` stands until the reset; the others tell of the newest fire, for people */
const types = {
  fire: 'bool',
  fireLoop: 'number',
  firePoint: 'number',
  fireLocation: 'string',
  fireDetector: 'string',
} as const;
type Name = keyof typeof types;
const names = Object.keys(types) as readonly Name[];

interface Detail {
  /** values come when the panel speaks, never on request */
  readonly unasked: true;
  readonly name: Name;
  readonly loop: number | undefined;
  readonly point: number | undefined;
}

function numberOf(key: string, given: unknown): number | undefined {
  if (given === undefined) return undefined;
  if (/^\d{1,3}$/.test(String(given))) return Number(given);
  throw new AddressFault(
    key,
    `${JSON.stringify(given)} is no number of a GST9000`,
    'write the number that the panel prints, such as 4',
  );
}

/** What an event says of a point; undefined: nothing. */
function heard(event: GstEvent, { name, loop, point }: Detail): Raw | undefined {
  if (event.type === 'reset') return name === 'fire' ? false : undefined;
  // a fire without a place may be anybody's
  if (loop !== undefined && event.loop !== null && event.loop !== loop) return undefined;
  if (point !== undefined && event.point !== null && event.point !== point) return undefined;
  switch (name) {
    case 'fire':
      return true;
    case 'fireLoop':
      return event.loop;
    case 'firePoint':
      return event.point;
    case 'fireLocation':
      return event.location;
    case 'fireDetector':
      return event.detector;
  }
}

export const gst9000: Protocol = {
  id: 'gst9000',
  baudRate: 9600,
  single: false,
  keys: {
    bus: {},
    device: {},
    point: {
      read: readKey(names.join(', ')),
      loop: z.int().min(0).max(999).optional().describe('only fires of this loop of the panel'),
      panelPoint: panelPointKey('only fires of this point of the loop, such as 4'),
    },
  },
  bus() {},
  point(_bus, _device, point) {
    const name = point.read as Name | undefined;
    if (name === undefined || !names.includes(name)) {
      const what = name === undefined ? 'the point does not say what to read' : `the panel has no "${name}"`;
      throw new AddressFault('read', what, `write \`read: NAME\`, NAME one of ${names.join(', ')}`);
    }
    const detail: Detail = {
      unasked: true,
      name,
      loop: numberOf('loop', point.loop),
      point: numberOf('panelPoint', point.panelPoint),
    };
    return { type: types[name], space: 'events', start: 0, length: 1, detail };
  },
  open(_bus, host) {
    const link = host.link;
    if (!link) throw new DeviceFault('link', 'the protocol gst9000 needs a line');
    const reader = createBlockReader();
    link.onData((bytes) => {
      const { blocks, dropped } = reader.push(bytes);
      if (dropped > 0) {
        host.log.warn(
          { code: 'LINE_GARBLED', dropped },
          'blocks without an end were dropped: check baud rate and parity',
        );
      }
      const values: (readonly [PointAddress, Raw])[] = [];
      for (const block of blocks) {
        const event = parseBlock(block);
        host.log.debug({ event, block }, 'block');
        if (!event) continue;
        for (const point of host.points) {
          const value = heard(event, point.detail as Detail);
          if (value !== undefined) values.push([point, value]);
        }
      }
      if (values.length > 0) host.emit(values);
    });
    return { async close() {} };
  },
};
