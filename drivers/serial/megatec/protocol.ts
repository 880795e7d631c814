// The Megatec Q1 conversation: one question, one status line that answers every point of the UPS. Knows
// neither polling nor retrying; the bytes are in codec.ts.

import * as z from 'zod';
import { AddressFault, DeviceFault, type Raw } from '../../../src/driver.ts';
import { type AnswerReader, createAsker } from '../ask.ts';
import { readKey } from '../keys.ts';
import type { Protocol } from '../protocol.ts';
import {
  createStatusReader,
  flagNames,
  numberNames,
  type StatusName,
  statusRequest,
  type UpsStatus,
} from './codec.ts';

const names: readonly StatusName[] = [...numberNames, ...flagNames];

interface Detail {
  readonly name: StatusName;
  /** cells of the battery, where the device says so */
  readonly cells: number | undefined;
}

function pointValue(status: UpsStatus, detail: Detail): Raw {
  if (detail.name !== 'batteryVoltage' || !status.perCell) return status[detail.name];
  // volts of one cell would look like an empty battery to a limit in volts of the whole
  if (status.batteryVoltage === null || detail.cells === undefined) return null;
  return Math.round(status.batteryVoltage * detail.cells * 100) / 100;
}

function statusAnswer(): AnswerReader<UpsStatus> {
  const reader = createStatusReader();
  return {
    push(bytes) {
      const heard = reader.push(bytes);
      if (!heard) return undefined;
      if ('status' in heard) return { answer: heard.status };
      return { fault: new DeviceFault('garbled', `no status line: ${JSON.stringify(heard.garbled)}`) };
    },
    late: () =>
      reader.heard
        ? new DeviceFault('garbled', 'bytes came, but no status line')
        : new DeviceFault('timeout', 'no answer to Q1'),
  };
}

export const megatec: Protocol = {
  id: 'megatec',
  baudRate: 2400,
  single: true,
  keys: {
    bus: {},
    device: {
      cells: z
        .int()
        .min(1)
        .max(1000)
        .optional()
        .describe('cells of the battery, six for each 12 V block; for on-line UPSs that send volts per cell'),
    },
    point: {
      // volts, percent of the rated load, hertz, degrees Celsius, or a boolean
      read: readKey(`field of the status line: ${names.join(', ')}`),
    },
  },
  bus() {},
  point(_bus, device, point) {
    const index = names.indexOf(point.read as StatusName);
    if (index < 0) {
      const what =
        point.read === undefined ? 'the point does not say what to read' : `a UPS has no "${point.read}"`;
      throw new AddressFault('read', what, `write \`read: NAME\`, NAME one of ${names.join(', ')}`);
    }
    const detail: Detail = { name: names[index]!, cells: device.cells as number | undefined };
    return {
      type: index < numberNames.length ? 'number' : 'bool',
      space: 'Q1',
      start: index,
      length: 1,
      detail,
    };
  },
  open(_bus, host) {
    const link = host.link;
    if (!link) throw new DeviceFault('link', 'the protocol megatec needs a line');
    // bytes that nobody waits for are late answers, and dropped
    const asker = createAsker(link);
    let told = false;

    return {
      async read(request, signal) {
        const status = await asker.ask(statusRequest, statusAnswer(), signal);
        const wantsCells = request.points.some((point) => {
          const detail = point.detail as Detail;
          return detail.name === 'batteryVoltage' && detail.cells === undefined;
        });
        if (status.perCell && wantsCells && !told) {
          told = true;
          host.log.warn(
            { code: 'UPS_CELLS', device: request.device },
            'this UPS sends battery volts per cell: set `cells` on the device',
          );
        }
        return request.points.map((point) => pointValue(status, point.detail as Detail));
      },
      async close() {
        asker.close();
      },
    };
  },
};
