// The Megatec Q1 conversation: one question, one status line that answers every point of the UPS. Knows
// neither polling nor retrying; the bytes are in codec.ts.

import * as z from 'zod';
import { AddressFault, DeviceFault, type Raw } from '../../../src/driver.ts';
import type { Protocol } from '../protocol.ts';
import {
  createStatusReader,
  flagNames,
  numberNames,
  type StatusName,
  type StatusReader,
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

interface Waiting {
  readonly reader: StatusReader;
  take(status: UpsStatus): void;
  refuse(fault: DeviceFault): void;
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
      read: z
        .string()
        .optional()
        .describe(`field of the status line: ${names.join(', ')}`),
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
    let waiting: Waiting | undefined;
    let told = false;
    // bytes that nobody waits for are late answers, and dropped
    link.onData((bytes) => {
      const heard = waiting?.reader.push(bytes);
      if (!waiting || !heard) return;
      if ('status' in heard) waiting.take(heard.status);
      else waiting.refuse(new DeviceFault('garbled', `no status line: ${JSON.stringify(heard.garbled)}`));
    });

    function ask(signal: AbortSignal): Promise<UpsStatus> {
      return new Promise((resolve, reject) => {
        const reader = createStatusReader();
        const end = (): void => {
          waiting = undefined;
          signal.removeEventListener('abort', late);
        };
        const late = (): void => {
          end();
          reject(
            reader.heard
              ? new DeviceFault('garbled', 'bytes came, but no status line')
              : new DeviceFault('timeout', 'no answer to Q1'),
          );
        };
        if (signal.aborted) return late();
        signal.addEventListener('abort', late, { once: true });
        waiting = {
          reader,
          take(status) {
            end();
            resolve(status);
          },
          refuse(fault) {
            end();
            reject(fault);
          },
        };
        link!.write(statusRequest);
      });
    }

    return {
      async read(request, signal) {
        const status = await ask(signal);
        const wantsCells = request.points.some((point) => {
          const detail = point.detail as Detail;
          return detail.name === 'batteryVoltage' && detail.cells === undefined;
        });
        if (status.perCell && wantsCells && !told) {
          told = true;
          host.log.warn(
            { device: request.device },
            'this UPS sends battery volts per cell: set `cells` on the device',
          );
        }
        return request.points.map((point) => pointValue(status, point.detail as Detail));
      },
      async close() {
        waiting?.refuse(new DeviceFault('link', 'closed while waiting'));
      },
    };
  },
};
