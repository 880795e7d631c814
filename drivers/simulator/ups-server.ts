// A UPS that speaks Megatec Q1 on a TCP port, as one behind a serial device server does: the demo's UPS, and
// a counterpart for tests. Its fields are set by its owner; it is written apart from the driver's codec.

import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface UpsFields {
  /** volts */
  inputVoltage: number;
  faultVoltage: number;
  outputVoltage: number;
  /** percent */
  load: number;
  /** hertz */
  frequency: number;
  /** volts of the whole battery */
  batteryVoltage: number;
  /** degrees Celsius */
  temperature: number;
  onBattery: boolean;
  batteryLow: boolean;
  beeper: boolean;
}

export interface UpsServer {
  readonly host: string;
  readonly port: number;
  readonly fields: UpsFields;
  /** as a UPS with its cable pulled: nothing is answered */
  silent: boolean;
  close(): Promise<void>;
}

function fixed(value: number, length: number): string {
  return value.toFixed(1).padStart(length, '0');
}

function statusLine(ups: UpsFields): string {
  const bits = [ups.onBattery, ups.batteryLow, false, false, true, false, false, ups.beeper];
  const volts = [ups.inputVoltage, ups.faultVoltage, ups.outputVoltage]
    .map((value) => fixed(value, 5))
    .join(' ');
  const load = Math.round(ups.load).toString().padStart(3, '0');
  const rest = [ups.frequency, ups.batteryVoltage, ups.temperature].map((value) => fixed(value, 4)).join(' ');
  return `(${volts} ${load} ${rest} ${bits.map((bit) => (bit ? '1' : '0')).join('')}\r`;
}

const mostPendingCharacters = 64;

/** Rejects where the address is taken. Port 0 takes a free one. */
export async function startUpsServer(options: { host?: string; port: number }): Promise<UpsServer> {
  const host = options.host ?? '127.0.0.1';
  const fields: UpsFields = {
    inputVoltage: 226,
    faultVoltage: 226,
    outputVoltage: 226,
    load: 14,
    frequency: 50,
    batteryVoltage: 27.5,
    temperature: 30,
    onBattery: false,
    batteryLow: false,
    beeper: false,
  };
  const sockets = new Set<Socket>();
  const ups = { host, port: 0, fields, silent: false, close };
  const server = createServer((socket) => {
    let pending = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      const commands = (pending + bytes.toString('latin1')).split('\r');
      pending = commands.pop()!.slice(-mostPendingCharacters);
      for (const command of commands) {
        if (ups.silent) continue;
        if (command === 'Q1') socket.write(statusLine(fields));
        if (command === 'F') socket.write('#220.0 004 024.0 50.0\r');
      }
    });
  });

  function close(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, host, resolve);
  });
  ups.port = (server.address() as AddressInfo).port;
  return ups;
}
