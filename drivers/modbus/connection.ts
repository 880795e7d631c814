// One Modbus question at a time through modbus-serial, over a framing of ours: what was asked and how it ended,
// as the host's promises. Knows nothing of framings, schedules or what a failure means.

import modbus from 'modbus-serial';
import { type Connection, DeviceFault, type Host } from '../../src/driver.ts';
import {
  decode,
  exceptionText,
  isBitTable,
  type ReadAddress,
  readFunction,
  type WriteAddress,
} from './codec.ts';
import type { Port } from './port.ts';

export interface ReadDetail extends ReadAddress {
  readonly unit: number;
}
export interface WriteDetail extends WriteAddress {
  readonly unit: number;
}
/** What modbus-serial gives for a read. */
interface Answer {
  readonly buffer: Buffer;
}
type Done = (error: (Error & { modbusCode?: number }) | null, answer: Answer) => void;
/** The parts of modbus-serial's client in use; its own types leave out the unit-by-call functions' codes. */
interface Client {
  readonly _transactions: Record<number, unknown>;
  open(callback: (error?: Error) => void): void;
  close(callback: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  writeFC2(unit: number, address: number, length: number, done: Done, code: number): void;
  writeFC4(unit: number, address: number, length: number, done: Done, code: number): void;
  writeFC5(unit: number, address: number, state: boolean, done: Done): void;
  writeFC6(unit: number, address: number, value: number, done: Done): void;
}

export async function connect(port: Port, host: Host): Promise<Connection> {
  const client = new modbus.default(port) as unknown as Client;
  client.on('error', host.fail);
  await new Promise<void>((resolve, reject) => {
    client.open((error) => (error ? reject(error) : resolve()));
  });
  let pending: { resolve: (answer: Answer) => void; reject: (fault: Error) => void } | undefined;
  let unit = 0;
  let code = 0;
  let address = 0;
  let length = 0;
  let watched: AbortSignal | undefined;

  const finish = (): typeof pending => {
    const waiting = pending;
    pending = undefined;
    // modbus-serial keeps a transaction until the next one: with it gone, a late callback can't happen
    delete client._transactions[1];
    return waiting;
  };
  const done: Done = (error, answer) => {
    const waiting = finish();
    if (!waiting) return;
    if (!error) {
      waiting.resolve(answer);
      return;
    }
    const exception = error.modbusCode;
    if (exception === undefined) {
      waiting.reject(new DeviceFault('garbled', `${error.message} from unit ${unit}`));
      return;
    }
    const last = length > 1 ? `…${address + length - 1}` : '';
    const text = `${exceptionText(exception)} from unit ${unit}, ${nameOf(code)} ${address}${last}`;
    // 10 and 11 are a gateway's words for "the device behind me is silent"
    waiting.reject(new DeviceFault(exception === 10 || exception === 11 ? 'timeout' : 'exception', text));
  };
  port.refuse = (fault) => finish()?.reject(fault);
  const abort = (): void => {
    const fault = port.forget();
    finish()?.reject(fault ?? new DeviceFault('timeout', `no answer from unit ${unit}`));
  };

  const ask = (
    signal: AbortSignal,
    of: { unit: number; code: number; address: number; length: number },
    send: () => void,
  ) =>
    new Promise<Answer>((resolve, reject) => {
      if (pending) return reject(new Error('two requests at once on one Modbus line'));
      ({ unit, code, address, length } = of);
      if (signal.aborted) return reject(new DeviceFault('timeout', `no time to ask unit ${unit}`));
      // the host uses one signal until it aborts it: one listener serves all requests
      if (signal !== watched) {
        watched?.removeEventListener('abort', abort);
        watched = signal;
        signal.addEventListener('abort', abort, { once: true });
      }
      pending = { resolve, reject };
      try {
        send();
      } catch (error) {
        port.forget();
        finish();
        reject(new DeviceFault('link', error instanceof Error ? error.message : String(error)));
      }
    });

  const readCells = (
    at: { unit: number; code: number; address: number; length: number },
    signal: AbortSignal,
  ) =>
    ask(signal, at, () =>
      at.code <= 2
        ? client.writeFC2(at.unit, at.address, at.length, done, at.code)
        : client.writeFC4(at.unit, at.address, at.length, done, at.code),
    );

  return {
    async read(request, signal) {
      const first = request.points[0]!.detail as ReadDetail;
      const at = {
        unit: first.unit,
        code: readFunction[first.table],
        address: request.start,
        length: request.length,
      };
      const { buffer } = await readCells(at, signal);
      return request.points.map((each) =>
        decode(buffer, each.start - request.start, each.detail as ReadDetail),
      );
    },
    async drive(target, value, signal) {
      const to = target.detail as WriteDetail;
      const isCoil = to.table === 'coil';
      await ask(signal, { unit: to.unit, code: isCoil ? 5 : 6, address: to.address, length: 1 }, () =>
        isCoil
          ? client.writeFC5(to.unit, to.address, value, done)
          : client.writeFC6(to.unit, to.address, value ? to.onValue : to.offValue, done),
      );
    },
    async observe(target, signal) {
      const from = target.detail as WriteDetail;
      try {
        const at = { unit: from.unit, code: readFunction[from.table], address: from.address, length: 1 };
        const { buffer } = await readCells(at, signal);
        if (isBitTable(from.table)) return (buffer[0]! & 1) === 1;
        const word = buffer.readUInt16BE(0);
        return word === from.onValue ? true : word === from.offValue ? false : null;
      } catch (error) {
        // a write-only coil or register answers a read with an exception
        if (error instanceof DeviceFault && error.kind === 'exception') return null;
        throw error;
      }
    },
    async close() {
      watched?.removeEventListener('abort', abort);
      finish()?.reject(new DeviceFault('link', 'closed'));
      await new Promise<void>((resolve) => client.close(resolve));
    },
  };
}

function nameOf(code: number): string {
  return ['', 'coil', 'discrete', 'holding', 'input', 'coil', 'holding'][code] ?? `function ${code}`;
}
