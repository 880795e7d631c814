// The conversation with Advantech ADAM-4000 digital modules on one RS-485 line: `$AA6` to each address in turn, one
// reply for all channels of the module. Knows neither polling nor retrying; the bytes are in codec.ts.

import * as z from 'zod';
import { AddressFault, DeviceFault, type Raw, type Settings } from '../../../src/driver.ts';
import { type AnswerReader, createAsker } from '../ask.ts';
import { readKey } from '../keys.ts';
import type { Protocol } from '../protocol.ts';
import { createReplyReader, type Direction, decode, layouts, request } from './codec.ts';

interface Detail {
  readonly address: string;
  readonly model: string;
  readonly direction: Direction;
  readonly channel: number;
}

const grammar = 'write `read: "MODEL:in:CHANNEL"` or `"MODEL:out:CHANNEL"`, such as "4050:in:0"';

function addressOf(device: Settings): string {
  if (typeof device.address === 'string') return device.address.toUpperCase();
  throw new AddressFault(
    'address',
    'the device does not say which module it is',
    'add `address: "01"`, two hexadecimal digits in quotes',
  );
}

/** Throws AddressFault where the model has no such channel. */
function channelOf(read: unknown): Omit<Detail, 'address'> {
  if (read === undefined) throw new AddressFault('read', 'the point does not say what to read', grammar);
  const parts = /^(\w+):(in|out):(\d{1,2})$/.exec(String(read));
  if (!parts) throw new AddressFault('read', `${JSON.stringify(read)} is no channel`, grammar);
  const [, model, direction, channel] = parts as unknown as [string, string, Direction, string];
  const layout = layouts[model];
  if (!layout) {
    const known = Object.keys(layouts).join(', ');
    throw new AddressFault('read', `no module ADAM-${model} is known`, `write one of ${known}`);
  }
  const most = layout[direction]?.channels ?? 0;
  if (Number(channel) >= most) {
    const word = direction === 'in' ? 'inputs' : 'outputs';
    throw new AddressFault(
      'read',
      `an ADAM-${model} has no ${word.slice(0, -1)} ${channel}`,
      most === 0 ? `it has no ${word}` : `its ${word} are 0 to ${most - 1}`,
    );
  }
  return { model, direction, channel: Number(channel) };
}

function digitsAnswer(address: string, withChecksum: boolean): AnswerReader<string> {
  const reader = createReplyReader(withChecksum);
  return {
    push(bytes) {
      const reply = reader.push(bytes);
      if (!reply) return undefined;
      if ('digits' in reply) return { answer: reply.digits };
      if ('garbled' in reply) {
        return { fault: new DeviceFault('garbled', `no reply: ${JSON.stringify(reply.garbled)}`) };
      }
      if (reply.refused.toUpperCase() !== address) {
        return { fault: new DeviceFault('foreign', `module ${reply.refused} answered for ${address}`) };
      }
      return { fault: new DeviceFault('exception', `module ${address} does not know $AA6`) };
    },
    late: () =>
      reader.heard
        ? new DeviceFault('garbled', 'bytes came, but no reply')
        : new DeviceFault('timeout', `module ${address} does not answer`),
  };
}

export const adamAscii: Protocol = {
  id: 'adam-ascii',
  baudRate: 9600,
  single: false,
  keys: {
    bus: {
      checksum: z
        .boolean()
        .optional()
        .describe('true: the modules are set to use the checksum, all of them; default false'),
    },
    device: {
      address: z
        .string({ error: 'this is no text; write the two hexadecimal digits in quotes, such as "01"' })
        .regex(/^[0-9A-Fa-f]{2}$/, {
          error: 'this is no module address; write two hexadecimal digits in quotes, "00" to "FF"',
        })
        .optional()
        .describe('address of the module, two hexadecimal digits in quotes'),
    },
    point: { read: readKey('MODEL:in:CHANNEL or MODEL:out:CHANNEL, such as 4050:in:0') },
  },
  claims: (device) => (typeof device.address === 'string' ? [`address ${device.address.toUpperCase()}`] : []),
  bus() {},
  point(_bus, device, point) {
    const detail: Detail = { address: addressOf(device), ...channelOf(point.read) };
    // one space for all modules: a reply carries no address, so a late one would pass for any other module's
    return { type: 'bool', space: '$AA6', start: 0, length: 1, detail };
  },
  open(bus, host) {
    const link = host.link;
    if (!link) throw new DeviceFault('link', 'the protocol adam-ascii needs a line');
    const withChecksum = bus.checksum === true;
    // bytes that nobody waits for are late answers, and dropped
    const asker = createAsker(link);
    return {
      async read({ points }, signal): Promise<readonly Raw[]> {
        const { address } = points[0]!.detail as Detail;
        const answer = digitsAnswer(address, withChecksum);
        const digits = await asker.ask(request(address, withChecksum), answer, signal);
        return points.map((point) => {
          const { model, direction, channel } = point.detail as Detail;
          const channels = decode(digits, model);
          if (!channels) throw new DeviceFault('garbled', `"${digits}" is no reply of an ADAM-${model}`);
          return ((channels[direction] >> channel) & 1) === 1;
        });
      },
      async close() {
        asker.close();
      },
    };
  },
};
