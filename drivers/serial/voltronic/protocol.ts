// The Voltronic conversation: `QGS`, and one line that answers every point of the UPS. Knows neither polling nor
// retrying; the bytes are in codec.ts.

import { AddressFault, DeviceFault, type Raw } from '../../../src/driver.ts';
import { type AnswerReader, createAsker } from '../ask.ts';
import { readKey } from '../keys.ts';
import type { Protocol } from '../protocol.ts';
import { createStatusReader, flagNames, numberNames, statusRequest, type UpsStatus } from './codec.ts';

const names: readonly string[] = [...numberNames, ...flagNames, 'type'];

interface Detail {
  readonly name: keyof UpsStatus;
}

function typeOf(name: string): 'number' | 'bool' | 'string' {
  if (name === 'type') return 'string';
  return (numberNames as readonly string[]).includes(name) ? 'number' : 'bool';
}

function statusAnswer(): AnswerReader<UpsStatus> {
  const reader = createStatusReader();
  return {
    push(bytes) {
      const heard = reader.push(bytes);
      if (!heard) return undefined;
      if ('status' in heard) return { answer: heard.status };
      if ('refused' in heard) {
        return { fault: new DeviceFault('exception', 'the UPS refuses QGS; it may speak megatec') };
      }
      return { fault: new DeviceFault('garbled', `no status line: ${JSON.stringify(heard.garbled)}`) };
    },
    late: () =>
      reader.heard
        ? new DeviceFault('garbled', 'bytes came, but no status line')
        : new DeviceFault('timeout', 'no answer to QGS'),
  };
}

export const voltronic: Protocol = {
  id: 'voltronic',
  baudRate: 2400,
  single: true,
  keys: {
    bus: {},
    device: {},
    point: { read: readKey(`field of the status line: ${names.join(', ')}`) },
  },
  bus() {},
  point(_bus, _device, point) {
    const name = point.read as string | undefined;
    if (name === undefined || !names.includes(name)) {
      const what =
        name === undefined ? 'the point does not say what to read' : `a Voltronic UPS has no "${name}"`;
      throw new AddressFault('read', what, `write \`read: NAME\`, NAME one of ${names.join(', ')}`);
    }
    const detail: Detail = { name: name as keyof UpsStatus };
    // one cell for all: a refusal is of the whole line, and must not be taken for that of a gap between cells
    return { type: typeOf(name), space: 'QGS', start: 0, length: 1, detail };
  },
  open(_bus, host) {
    const link = host.link;
    if (!link) throw new DeviceFault('link', 'the protocol voltronic needs a line');
    // bytes that nobody waits for are late answers, and dropped
    const asker = createAsker(link);
    return {
      async read(request, signal): Promise<readonly Raw[]> {
        const status = await asker.ask(statusRequest, statusAnswer(), signal);
        return request.points.map((point) => status[(point.detail as Detail).name]);
      },
      async close() {
        asker.close();
      },
    };
  },
};
